"""The list of commands and where each is written."""

import importlib
from collections.abc import Mapping
from typing import ClassVar, NoReturn

import click

from app.storage.access import DatabaseUnreachable
from app.storage.database import DatabaseUrlInvalid
from app.storage.server_account import ServerAccountMissing
from app.storage.server_directory import ServerFailed
from config import SettingInvalid

Commands = Mapping[str, tuple[str, str, str]]
"""name -> (module, the command in it, help in the list). A command that fails to import harms no other one."""

COMMANDS: Commands = {
    "serve": ("app.faces.cli.serve", "serve", "启动整个系统 / start the whole system"),
    "web": ("app.faces.cli.processes", "web", "仅启动网页服务 / the web server alone"),
    "worker": ("app.faces.cli.processes", "worker", "仅启动后台进程 / the background worker alone"),
    "migrate": ("app.faces.cli.migration", "migrate", "迁移数据库结构 / bring the schema up to date"),
    "demo": ("app.faces.cli.demonstration", "demo", "载入演示地区 / load the demonstration region"),
    "bootstrap": ("app.faces.cli.bootstrap", "bootstrap", "设立三员 / set up the three administrators"),
    "audit": (
        "app.faces.cli.audit",
        "audit",
        "核验审计链、审查外部日志 / verify the audit chain, audit foreign logs",
    ),
    "duties": ("app.faces.cli.duties", "duties", "职责分离监督 / watch segregation of duties"),
    "process": ("app.faces.cli.process", "process", "流程定义 / process definitions"),
    "incidents": ("app.faces.cli.incidents", "incidents", "自动环节出错的事件 / incidents of running cases"),
    "decision": ("app.faces.cli.decision", "decision", "决策模型 / decision models"),
    "parameter": ("app.faces.cli.parameter", "parameter", "参数及其来源 / parameters and their sources"),
    "sources": (
        "app.faces.cli.sources",
        "sources",
        "全部数值的来源 / where every number comes from",
    ),
    "formula": ("app.faces.cli.formula", "formula", "待遇公式 / benefit formulas"),
    "draw": ("app.faces.cli.draw", "draw", "专家抽取的核验 / verify draws of experts"),
    "rule": ("app.faces.cli.rule", "rule", "规则目录 / the rule catalogue"),
    "import": (
        "app.faces.cli.imports",
        "imports",
        "导入申请、接续在办案件 / import applications, take over cases",
    ),
    "people": ("app.faces.cli.people", "people", "人员与岗位 / people and posts"),
    "staffing": ("app.faces.cli.staffing", "staffing", "人手测算 / how many people an office can miss"),
    "bench": ("app.faces.cli.bench", "bench", "性能测试 / measure"),
    "backup": ("app.faces.cli.backup", "backup", "备份 / back up"),
    "restore": ("app.faces.cli.backup", "restore", "恢复 / restore"),
}

# What a user can put right: said in one line, without a traceback.
EXPECTED = (SettingInvalid, DatabaseUrlInvalid, DatabaseUnreachable, ServerFailed, ServerAccountMissing)


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it runs."""

    known: ClassVar[Commands] = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.known:
            return None
        module, attribute, _ = self.known[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("命令 / Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in self.known.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            refuse(str(error))


def refuse(text: str) -> NoReturn:
    """End with a message and exit code 1."""
    raise click.ClickException(text)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """三审：工伤保险业务办理。 / Sanshen: cases of work-injury insurance."""
