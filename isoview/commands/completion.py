"""What a shell is told when the Tab key is pressed: where a file may stand, files."""

from click.shell_completion import CompletionItem, FishComplete, add_completion_class


class _WholeHelp(FishComplete):
    """click's script for fish cuts each of our lines at its commas, and help has some."""

    name = "fish"

    def format_completion(self, item: CompletionItem) -> str:
        if not item.help:
            return super().format_completion(item)
        whole = item.help.replace(",", ";")
        return super().format_completion(CompletionItem(item.value, item.type, whole))


def prepare() -> None:
    """Have click answer fish in our way."""
    add_completion_class(_WholeHelp)


def or_files(found: list[CompletionItem], begun: str) -> list[CompletionItem]:
    """The commands that begin like this; where there is none, it is a file that is named."""
    return found or [CompletionItem(begun, type="file")]
