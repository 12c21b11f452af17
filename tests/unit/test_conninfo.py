"""Addresses for the bare driver: what SQLAlchemy reads, libpq must read alike."""

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, make_url

from app.storage.database import conninfo

SOCKET = URL.create(
    "postgresql+psycopg",
    username="sanshen_app",
    password="a b+c%d",
    database="sanshen",
    query={"host": "/tmp/fresh one/data/socket", "port": "5432"},
).render_as_string(hide_password=False)


def test_blank_in_a_sockets_path_stays_a_blank() -> None:
    read = conninfo_to_dict(conninfo(SOCKET))
    assert read["host"] == "/tmp/fresh one/data/socket"
    assert (read["user"], read["dbname"], read["port"]) == ("sanshen_app", "sanshen", "5432")


def test_password_is_kept_as_it_is_or_left_out() -> None:
    assert conninfo_to_dict(conninfo(SOCKET))["password"] == "a b+c%d"
    assert "password" not in conninfo_to_dict(conninfo(SOCKET, with_password=False))


def test_host_and_port_of_a_shared_server_are_kept() -> None:
    read = conninfo_to_dict(
        conninfo(make_url("postgresql+psycopg://u@db.example:6543/sanshen?sslmode=require"))
    )
    assert (read["host"], read["port"], read["sslmode"]) == ("db.example", "6543", "require")
