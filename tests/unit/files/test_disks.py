"""What is said of a disk: never more than the system knows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lighttight.errors import LighttightError
from lighttight.files.disks import Disk, disk_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="as Linux tells it")


class Machine:
    """A `/sys` of devices, and one mount."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._block = place / "sys" / "dev" / "block"
        self._block.mkdir(parents=True)
        self.folder = place / "media" / "USB disk" / "For printing"
        self.folder.mkdir(parents=True)
        self.mounts = place / "mountinfo"

    def device(
        self,
        name: str,
        number: str,
        *slaves: Path,
        under: str = "devices/pci0000:00/ata1/block",
        uuid: str = "",
        removable: str = "0",
    ) -> Path:
        made = self._place / "sys" / under / name
        (made / "slaves").mkdir(parents=True)
        (made / "removable").write_text(f"{removable}\n")
        for slave in slaves:
            (made / "slaves" / slave.name).symlink_to(slave)
        if uuid:
            (made / "dm").mkdir()
            (made / "dm" / "uuid").write_text(f"{uuid}\n")
        (self._block / number).symlink_to(made)
        return made

    def mount(self, number: str, kind: str = "ext4", source: str = "/dev/nothing") -> Disk:
        point = str(self.folder.parent).replace(" ", r"\040")
        self.mounts.write_text(
            f"22 1 99:9 / / rw - tmpfs none rw\n23 22 {number} / {point} rw,relatime shared:1 - "
            f"{kind} {source} rw\n"
        )
        return disk_of(self.folder, sys_=self._block, mounts=self.mounts)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LighttightError):
        disk_of(tmp_path / "none")


def test_nothing_to_read_is_nothing_known(machine: Machine) -> None:
    machine.mounts.write_text("rubbish\n\n23 22 8:1\n")
    disk = disk_of(machine.folder, sys_=machine.folder, mounts=machine.mounts)
    assert (disk.name, disk.removable, disk.encrypted) == (None, None, None)
    assert disk.free > 0
    missing = disk_of(machine.folder, mounts=machine.folder / "none")
    assert missing.encrypted is None


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "tmpfs", "fuse.sshfs"])
def test_disks_of_others(machine: Machine, kind: str) -> None:
    assert machine.mount("0:44", kind).encrypted is None


@pytest.mark.parametrize(
    ("name", "under"),
    [
        ("vda", "devices/pci0000:00/virtio2/block"),
        ("loop3", "devices/virtual/block"),
        ("nbd0", "devices/virtual/block"),
        ("sdb", "devices/vmbus/block"),
    ],
)
def test_what_somebody_else_may_encrypt(machine: Machine, name: str, under: str) -> None:
    machine.device(name, "8:16", under=under)
    assert machine.mount("8:16").encrypted is None


def test_a_bare_disk(machine: Machine) -> None:
    machine.device("sda", "8:0")
    disk = machine.mount("8:0")
    assert disk.encrypted is False
    assert disk.removable is False


def test_a_stick_has_a_name(machine: Machine) -> None:
    machine.device("sdb", "8:16", under="devices/pci0000:00/usb2/2-1/block")
    disk = machine.mount("8:16")
    assert (disk.name, disk.removable, disk.encrypted) == ("USB disk", True, False)


def test_behind_dm_crypt(machine: Machine) -> None:
    bare = machine.device("sda", "8:0", under="devices/pci0000:00/usb1/block")
    machine.device("dm-0", "254:0", bare, under="devices/virtual/block", uuid="CRYPT-LUKS2-77-x")
    disk = machine.mount("254:0")
    assert (disk.encrypted, disk.removable) == (True, True)


def test_a_volume_is_as_its_worst_disk(machine: Machine) -> None:
    bare, other = machine.device("sda", "8:0"), machine.device("sdb", "8:16")
    crypt = machine.device("dm-0", "254:0", bare, under="v", uuid="CRYPT-LUKS2-77-x")
    machine.device("dm-1", "254:1", crypt, under="v", uuid="LVM-abc")
    assert machine.mount("254:1").encrypted is True
    machine.device("dm-2", "254:2", crypt, other, under="v", uuid="LVM-def")
    assert machine.mount("254:2").encrypted is False


def test_a_device_of_which_nothing_is_known_below(machine: Machine) -> None:
    machine.device("dm-7", "254:7", under="v", uuid="LVM-abc")
    assert machine.mount("254:7").encrypted is None


def test_file_systems_that_encrypt(machine: Machine) -> None:
    assert machine.mount("0:50", "fuse.gocryptfs").encrypted is True


def test_the_latest_mount_counts(machine: Machine) -> None:
    machine.device("sda", "8:0")
    machine.mount("8:0")
    text = machine.mounts.read_text()
    machine.mounts.write_text(text + text.splitlines()[-1].replace("8:0", "0:44") + "\n")
    sys_ = machine.mounts.parent / "sys" / "dev" / "block"
    assert disk_of(machine.folder, sys_=sys_, mounts=machine.mounts).encrypted is None


def test_the_disk_of_this_test() -> None:
    assert disk_of(Path.cwd()).free > 0
