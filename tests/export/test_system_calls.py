"""What the exporter asks of the kernel: it calls nobody, and leaves nothing outside its output."""


def test_an_export_calls_nobody_and_writes_to_its_folder_alone(
    traced, checkpoint_file, made_data, tmp_path
):
    """The bundle is made beside its place; torch works in the folder of temporary files."""
    shelf = tmp_path / "bundles"
    asked = ("bundle", checkpoint_file, "--out", shelf / "tiny", "--data", made_data)
    calls = traced(
        *asked, "--precision", "none", "--size", "96x64", "--tolerance", "2", package="export"
    )
    assert shelf / "tiny" in calls.changed
    assert calls.sockets == ()
    assert calls.changed_outside(shelf, tmp_path / "temporary") == set()
