"""`sanshen process`: process definitions on the command line; each command lives in a module of its own."""

import click

from app.faces.cli.commands import Commands, LazyGroup

PROCESS_COMMANDS: Commands = {
    "check": ("app.faces.cli.process_check", "check", "检查流程文件，证明职责不被绕过 / check process files"),
    "simulate": ("app.faces.cli.process_simulate", "simulate", "模拟流程、走遍所有路径 / simulate processes"),
    "list": ("app.faces.cli.process_life", "list_command", "列出已部署的流程 / list deployed processes"),
    "show": ("app.faces.cli.process_life", "show", "一个流程的各个版本 / versions of one process"),
    "diff": ("app.faces.cli.process_life", "diff", "比较两个版本或文件夹 / compare versions or folders"),
    "export": ("app.faces.cli.process_life", "export", "导出一个版本 / export a version"),
    "import": ("app.faces.cli.process_propose", "import_command", "导入为草稿 / import as a draft"),
    "deploy": ("app.faces.cli.process_propose", "deploy", "提请部署 / propose a deployment"),
    "roll-back": (
        "app.faces.cli.process_propose",
        "roll_back",
        "提请恢复旧版本 / propose an earlier version",
    ),
    "migration": (
        "app.faces.cli.process_migration",
        "migration",
        "在办案件换版本：预览、提请、进展 / running cases to another version",
    ),
    "heat": ("app.faces.cli.process_running", "heat", "案件在哪些环节 / where the cases are"),
    "holds": ("app.faces.cli.process_running", "holds", "正在暂停的 / what is on hold"),
    "hold": ("app.faces.cli.process_running", "hold", "暂停案件或流程 / hold a case or a process"),
    "end-hold": ("app.faces.cli.process_running", "end_hold", "恢复办理 / end a hold"),
    "retire": ("app.faces.cli.process_propose", "retire", "提请停用 / propose a retirement"),
}


class ProcessGroup(LazyGroup):
    """The commands above, each imported when it runs."""

    known = PROCESS_COMMANDS


@click.group(cls=ProcessGroup, help="流程定义 / process definitions.")
def process() -> None:
    """Check, simulate, deploy and compare process definitions."""
