"""Heat and supply as Linux shows them: a Jetson, a battery, a board with a weak supply, nothing."""

import pytest

from edgecrack.thermal import ThermalSpec
from edgecrack.thermal.strain import Strain, read_strain, untold
from tests.edgecrack.test_sysfs import ORIN_NX, tree

OC = "sys/class/hwmon/hwmon1/oc"


def test_a_jetson_tells_its_zones_its_rail_and_its_throttling(tmp_path):
    """Zones that are off or constant are left out; counts of all causes are added."""
    files = {path.replace("bus/i2c/drivers/ina3221/1-0040", "class"): text
             for path, text in ORIN_NX.items()}  # fmt: skip
    tree(tmp_path, files | {f"{OC}1_event_cnt": "2\n", f"{OC}3_event_cnt": "40\n"})
    assert read_strain(tmp_path) == Strain(51.0, "cpu-thermal", 19.52, is_weak=False, events=42)


def test_without_zones_other_sensors_count(tmp_path):
    """And with zones those do not: a disk may be hotter than the processor ever is."""
    disk = {"sys/class/hwmon/hwmon0/name": "nvme\n", "sys/class/hwmon/hwmon0/temp1_input": "79850"}
    zone = {"sys/class/thermal/thermal_zone0/temp": "45000"}
    assert read_strain(tree(tmp_path / "a", disk)).temperature_c == 79.85
    told = read_strain(tree(tmp_path / "b", disk | zone))
    assert (told.temperature_c, told.place) == (45.0, "thermal_zone0")


@pytest.mark.parametrize(
    ("files", "is_weak"),
    [
        ({"sys/class/power_supply/BAT0/capacity_level": "Critical\n"}, True),
        ({"sys/class/power_supply/BAT0/capacity_level": "Low\n"}, True),
        ({"sys/class/power_supply/BAT0/capacity_level": "Normal\n"}, False),
        ({"sys/class/hwmon/hwmon2/in0_lcrit_alarm": "1\n"}, True),
        ({"sys/class/hwmon/hwmon2/in0_lcrit_alarm": "0\n"}, False),
        ({"sys/class/hwmon/hwmon2/in0_lcrit_alarm": "perhaps\n"}, False),
    ],
)
def test_a_weak_supply_is_told_by_its_level_or_an_alarm(tmp_path, files, is_weak):
    """A battery says it in a word, a monitoring chip with a one."""
    assert read_strain(tree(tmp_path, files)).is_weak is is_weak


@pytest.mark.parametrize("text", ["", "\n", "hot", "-256000", "9" * 400, "1e5", "\x00", "nan"])
def test_nonsense_is_nothing(tmp_path, text):
    """A sensor that is off, broken or full of noise tells neither heat nor voltage nor events."""
    tree(tmp_path, {"sys/class/thermal/thermal_zone0/temp": text,
                    "sys/class/power_supply/BAT0/voltage_now": text,
                    f"{OC}1_event_cnt": text})  # fmt: skip
    assert read_strain(tmp_path) == Strain()


def test_a_sensor_that_cannot_be_read_is_nothing(tmp_path):
    """It vanished between being listed and being read, or is a folder, or no text."""
    (tmp_path / "sys/class/thermal/thermal_zone0/temp").mkdir(parents=True)
    (tmp_path / "sys/class/thermal/thermal_zone1").symlink_to("nowhere")
    battery = tmp_path / "sys/class/power_supply/BAT0"
    battery.mkdir(parents=True)
    (battery / "voltage_now").write_bytes(b"\xff\xfe")
    assert read_strain(tmp_path) == Strain()


def test_the_lowest_of_several_supplies_counts(tmp_path):
    """A battery of 11.5 V beside an adapter of 19 V."""
    volts = {f"sys/class/power_supply/{name}/voltage_now": microvolts
             for name, microvolts in (("BAT0", "11500000"), ("AC", "19000000"))}  # fmt: skip
    assert read_strain(tree(tmp_path, volts)).supply_v == 11.5


def test_this_machine_can_be_read():
    """Whatever it has, it is no error."""
    assert isinstance(read_strain(), Strain)


def test_what_no_sensor_tells_is_named():
    """Each threshold that is set and does nothing; alarms alone need no sensor that measures."""
    both = untold(ThermalSpec(warm_c=80.0, critical_c=90.0, low_v=11.0), Strain())
    assert both == (
        "no sensor tells the temperature, so thermal.warm_c and critical_c do nothing, and "
        "no sensor tells the voltage of the supply, so thermal.low_v does nothing"
    )
    assert "warm_c" not in untold(ThermalSpec(warm_c=80.0, low_v=11.0), Strain(40.0, "cpu"))
    assert untold(ThermalSpec(warm_c=80.0, low_v=11.0), Strain(40.0, "cpu", 12.0)) == ""
    assert untold(ThermalSpec(supply_alarms=True), Strain()) == ""
