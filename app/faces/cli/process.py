"""`sanshen process`: process definitions on the command line; each command lives in a module of its own."""

import importlib

import click

# name -> (module, the command in it, help in the list): one line for each command.
PROCESS_COMMANDS: dict[str, tuple[str, str, str]] = {
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
    "retire": ("app.faces.cli.process_propose", "retire", "提请停用 / propose a retirement"),
}


class ProcessGroup(click.Group):
    """The commands above, each imported when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(PROCESS_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in PROCESS_COMMANDS:
            return None
        module, attribute, _ = PROCESS_COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("命令 / Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in PROCESS_COMMANDS.items()])


@click.group(cls=ProcessGroup, help="流程定义 / process definitions.")
def process() -> None:
    """Check, simulate, deploy and compare process definitions."""
