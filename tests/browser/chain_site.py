"""The whole chain's offices behind a server in this process: pages and test share one clock that moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from waitress.server import create_server

from app.faces.web import create_app
from config import Settings
from tests.whole_chain import WholeChain


@contextmanager
def serve(chain: WholeChain, settings: Settings) -> Iterator[str]:
    """Serve the pages over the chain's kernel; answers their address."""
    server = create_server(create_app(chain.office.kernel, settings), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, name="chain-site")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(timeout=20)
