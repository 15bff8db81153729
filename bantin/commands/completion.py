"""The command completion."""

import click

COMPLETE = "_BANTIN_COMPLETE"
"""The variable by which a shell's script asks the program; click's own convention."""


@click.command(short_help="Print the script that completes commands in a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script with which SHELL completes bantin's commands, options, sources, runs and fields.

    \b
    bantin completion bash > ~/.local/share/bash-completion/completions/bantin
    bantin completion zsh > ~/.zfunc/_bantin    (or another folder of $fpath)
    bantin completion fish > ~/.config/fish/completions/bantin.fish
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root().command
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - for mypy: click knows all three
    click.echo(kind(root, {}, "bantin", COMPLETE).source())
