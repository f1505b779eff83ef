"""What is said of a module once it was read: its kind, its file, its definition, its classes."""

from typing import NamedTuple

from isoview.inspectors.process.facts import Module, TypeRow
from isoview.inspectors.process.maps import MappedFile, Maps
from isoview.inspectors.process.memory import Unread
from isoview.inspectors.process.modules import ModuleObject, ModuleReader
from isoview.inspectors.process.objects import ObjectReader, Table, Torn, TypeFact
from isoview.inspectors.process.runtime import Interpreter


class Seen(NamedTuple):
    """One module as it was read: its dict, and what was found in it."""

    module: ModuleObject
    table: Table | None
    types: dict[tuple[int, int], TypeFact]
    changing: tuple[tuple[int, int], ...]  # entries that never held still


class ModuleFacts:
    """Makes facts of modules of one process."""

    def __init__(
        self, reader: ObjectReader, modules: ModuleReader, interpreter: Interpreter, maps: Maps
    ) -> None:
        self._reader = reader
        self._modules = modules
        self._interpreter = interpreter
        self._maps = maps
        self._by_path = {file.path: file for file in maps.files}
        self._by_name: dict[str, list[MappedFile]] = {}
        for file in maps.files:
            self._by_name.setdefault(file.name, []).append(file)

    def module(self, name: str, seen: Seen) -> Module:
        """The module as it was read."""
        module, table = seen.module, seen.table
        object_type = self._type_name(module.type)
        file = self._modules.file(table) if table is not None else None
        definition = self._modules.definition(module, imported=file is not None)
        image = self._image(definition.address if definition else 0, file)
        kind = self._kind(module, definition is not None, file, image)
        rows = self._rows(name, seen, image if kind == "extension" else None)
        m_size = definition.m_size if definition is not None else None
        return Module(
            name=name,
            address=module.address,
            kind=kind,
            object_type=object_type,
            file=file,
            image=image if kind == "extension" else None,
            definition=definition,
            m_size=m_size,
            state=module.state or None,
            types=rows,
            complete=not seen.changing and not (module.dict and table is None),
        )

    def _type_name(self, address: int) -> str:
        try:
            return self._reader.live_type(address).name
        except (Unread, Torn):
            return "?"

    def key(self, address: int) -> str:
        """The text of a dict's key."""
        try:
            return self._reader.text(address)
        except (Unread, Torn):
            return "?"

    def _image(self, definition: int, file: str | None) -> MappedFile | None:
        if file is not None and file in self._by_path:
            return self._by_path[file]
        found = self._maps.file_at(definition) if definition else None
        if found is None and file is not None:
            # __file__ may lead there through symbolic links; the table has the real path.
            named = self._by_name.get(file.rpartition("/")[2], [])
            found = named[0] if len(named) == 1 else None
        return found

    def _kind(
        self, module: ModuleObject, defined: bool, file: str | None, image: MappedFile | None
    ) -> str:
        if not module.dict:
            return "other"
        if file is not None and ".so" in file.rsplit("/", 1)[-1]:
            return "extension"
        if defined:
            core = self._interpreter.image
            at = module.definition or module.token
            if core.base <= at < core.end:
                return "builtin"
            return "extension" if image is not None else "other"
        return "python" if file is not None else "other"

    def _rows(self, name: str, seen: Seen, image: MappedFile | None) -> tuple[TypeRow, ...]:
        rows: dict[int, TypeRow] = {}
        for (key, _value), fact in seen.types.items():
            if fact.address in rows:
                continue
            own = (
                fact.module == seen.module.address
                or _is_home(fact.home, name)
                or (fact.static and fact.name.rpartition(".")[0] == name)
                or (fact.static and image is not None and image.start <= fact.address < image.end)
            )
            rows[fact.address] = TypeRow(
                fact.name, self.key(key), fact.address, fact.flags, fact.basicsize, fact.static,
                own, bool(fact.module),
            )  # fmt: skip
        return tuple(rows.values())


def _is_home(home: str, name: str) -> bool:
    """Whether classes that say they live in ``home`` are the module's: ``decimal`` is what
    ``_decimal`` writes into its own.
    """
    package, _, last = name.rpartition(".")
    return home in {name, f"{package}.{last.lstrip('_')}" if package else last.lstrip("_")}
