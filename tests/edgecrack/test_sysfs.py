"""Sensors as a PC, two Jetsons and a virtual machine show them."""

import pytest

from edgecrack.sysfs import Reading, read_sensors

ORIN_NX = {
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/name": "ina3221\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/in1_label": "VDD_IN\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/in1_input": "19520\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/curr1_input": "500\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/in2_label": "VDD_CPU_GPU_CV\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/in2_input": "19500\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/curr2_input": "200\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/in3_label": "VDD_SOC\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/in3_input": "20000\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/curr3_input": "100\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/in7_label": "sum of shunt voltages\n",
    "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4/in7_input": "700\n",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "51000\n",
    "sys/class/thermal/thermal_zone1/type": "cv0-thermal\n",
    "sys/class/thermal/thermal_zone1/temp": "-256000\n",
    "sys/class/thermal/thermal_zone2/type": "PMIC-Die\n",
    "sys/class/thermal/thermal_zone2/temp": "100000\n",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "729600\n",
    "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq": "1984000\n",
    "sys/class/devfreq/17000000.gpu/cur_freq": "918000000\n",
    "sys/class/devfreq/15340000.vic/cur_freq": "998400000\n",
    "var/lib/nvpmodel/status": "pmode:0002\n",
    "etc/nvpmodel.conf": "< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=2 NAME=MODE_15W >\n",
}


def tree(root, files):
    """Write files, path -> text, below a root."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_a_jetson_tells_everything(tmp_path):
    """Rails in watts, temperatures without what is off or constant, clocks and the power mode."""
    assert read_sensors(tree(tmp_path, ORIN_NX)) == Reading(
        temperatures_c={"cpu-thermal": 51.0},
        rails_w={"VDD_IN": 19.52 * 0.5, "VDD_CPU_GPU_CV": 19.5 * 0.2, "VDD_SOC": 2.0},
        total_w=19.52 * 0.5,
        cpu_mhz=1984.0,
        gpu_mhz=918.0,
        power_mode="2 MODE_15W",
    )


def test_a_chip_that_both_paths_lead_to_counts_once(tmp_path):
    """As on a real Jetson, /sys/class/hwmon holds a link to the same folder; L4T 35's GPU."""
    tree(
        tmp_path,
        {
            "sys/devices/1-0040/hwmon/hwmon4/name": "ina3221",
            "sys/devices/1-0040/hwmon/hwmon4/in1_label": "VDD_GPU_SOC",
            "sys/devices/1-0040/hwmon/hwmon4/in1_input": "20000",
            "sys/devices/1-0040/hwmon/hwmon4/curr1_input": "500",
            "sys/devices/1-0040/hwmon/hwmon4/in2_label": "VDD_CPU_CV",
            "sys/devices/1-0040/hwmon/hwmon4/in2_input": "20000",
            "sys/devices/1-0040/hwmon/hwmon4/curr2_input": "100",
            "sys/devices/1-0040/hwmon/hwmon4/in3_label": "NC",
            "sys/devices/1-0040/hwmon/hwmon4/in3_input": "20000",
            "sys/devices/1-0040/hwmon/hwmon4/curr3_input": "100",
            "sys/devices/1-0040/hwmon/hwmon4/temp1_input": "40000",
            "sys/class/devfreq/17000000.ga10b/cur_freq": "1300500000",
            "var/lib/nvpmodel/status": "pmode:0000 fmode:fanNull",
        },
    )
    for link in ("sys/class/hwmon/hwmon4", "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon4"):
        (tmp_path / link).parent.mkdir(parents=True)
        (tmp_path / link).symlink_to(tmp_path / "sys/devices/1-0040/hwmon/hwmon4")
    reading = read_sensors(tmp_path)
    assert reading.rails_w == {"VDD_GPU_SOC": 10.0, "VDD_CPU_CV": 2.0}
    assert reading.total_w == 12.0  # no rail carries everything: their sum
    assert reading.temperatures_c == {"ina3221 temp1": 40.0}
    assert reading.gpu_mhz == 1300.5
    assert reading.power_mode == "0"


def test_a_pc_tells_what_its_chips_tell(tmp_path):
    """A graphics chip's watts are a part, not the whole; the average goes before the moment."""
    files = {
        "sys/class/hwmon/hwmon0/name": "k10temp",
        "sys/class/hwmon/hwmon0/temp1_input": "61500",
        "sys/class/hwmon/hwmon0/temp1_label": "Tctl",
        "sys/class/hwmon/hwmon1/name": "amdgpu",
        "sys/class/hwmon/hwmon1/power1_average": "31000000",
        "sys/class/hwmon/hwmon1/power1_input": "99000000",
        "sys/class/hwmon/hwmon1/power1_label": "PPT",
        "sys/class/hwmon/hwmon1/in1_input": "12000",  # not an INA3221: it need not pair
        "sys/class/hwmon/hwmon1/curr1_input": "1000",
        "sys/class/hwmon/hwmon1/in1_label": "VDDGFX",
        "sys/class/thermal/thermal_zone0/type": "acpitz",
        "sys/class/thermal/thermal_zone0/temp": "40000",
        "sys/class/thermal/thermal_zone1/type": "acpitz",
        "sys/class/thermal/thermal_zone1/temp": "41000",
    }
    reading = read_sensors(tree(tmp_path, files))
    assert reading.temperatures_c == {
        "acpitz": 40.0,
        "acpitz (thermal_zone1)": 41.0,
        "k10temp Tctl": 61.5,
    }
    assert reading.hottest_c == 61.5
    assert reading.rails_w == {"PPT": 31.0}
    assert reading.total_w is None
    whole = {
        "sys/class/hwmon/hwmon2/name": "power_meter",
        "sys/class/hwmon/hwmon2/power1_average": "150000000",
    }
    assert read_sensors(tree(tmp_path, whole)).total_w == 150.0


def test_inputs_that_nothing_is_wired_to_are_left_out(tmp_path):
    """They float, and a doctor that believed them would find each such PC too hot."""
    chip = "sys/class/hwmon/hwmon0"
    files = {
        f"{chip}/name": "nct6798",
        f"{chip}/temp7_input": "126000",
        f"{chip}/temp7_fault": "1",
    }
    for number, label in enumerate(("AUXTIN0", "SYSTIN", "PECI Agent 0", "CPUTIN"), 1):
        files[f"{chip}/temp{number}_label"] = label
        files[f"{chip}/temp{number}_input"] = "127000" if label != "CPUTIN" else "40000"
        files[f"{chip}/temp{number}_fault"] = "0"
    assert read_sensors(tree(tmp_path, files)).temperatures_c == {"nct6798 CPUTIN": 40.0}


def test_a_machine_without_sensors_tells_nothing(tmp_path):
    """As in a container; no error."""
    assert read_sensors(tmp_path) == Reading()
    assert read_sensors(tmp_path / "absent") == Reading()
    assert read_sensors(tmp_path).hottest_c is None


@pytest.mark.parametrize("text", ["", "no number", "9" * 400, "-1", "nan", "\x00\x00", "1e9"])
def test_nonsense_is_left_out(tmp_path, text):
    """Each file in turn holds what no sensor says: that one is missing, nothing is raised."""
    files = {path: text if path.endswith(("input", "freq")) else said
             for path, said in ORIN_NX.items()}  # fmt: skip
    reading = read_sensors(tree(tmp_path, files))
    assert reading == Reading(temperatures_c={"cpu-thermal": 51.0}, power_mode="2 MODE_15W")


def test_what_cannot_be_read_is_left_out(tmp_path):
    """Bytes that are no text, and a folder where a file is expected."""
    tree(tmp_path, ORIN_NX)
    (tmp_path / "var/lib/nvpmodel/status").write_bytes(b"\xff\xfe")
    zone = tmp_path / "sys/class/thermal/thermal_zone0/temp"
    zone.unlink()
    zone.mkdir()
    reading = read_sensors(tmp_path)
    assert reading.power_mode is None
    assert reading.temperatures_c == {}
    assert reading.gpu_mhz == 918.0
