"""GPX files give their timed points, and no file crashes the process."""

import pytest

from edgecrack.errors import InputError
from edgecrack.positions import read_positions

HEAD = '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:x="urn:x">'


def point(second, lat=50.0, inside="", tag="trkpt"):
    """Return a point in the first minute of 2024; None leaves the time out."""
    time = "" if second is None else f"<time>2024-01-01T00:00:{second:02d}Z</time>"
    return f'<{tag} lat="{lat}" lon="8.0">{time}{inside}</{tag}>'


def track(*points):
    """Return a whole file with one segment."""
    return f"{HEAD}<trk><trkseg>{''.join(points)}</trkseg></trk></gpx>"


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a text or bytes as a file would be read."""

    def read_content(content):
        path = tmp_path / "drive.gpx"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_positions(path)

    return read_content


def test_a_point_is_read_in_our_units(read):
    """Time, place, height and HDOP, from a file with a byte order mark."""
    content = track(
        '<trkpt lat="-50.5" lon="8.25"><ele>0.0</ele>'
        "<time>2024-01-01T00:00:00.5Z</time><hdop>1.2</hdop></trkpt>"
    )
    log = read(b"\xef\xbb\xbf" + content.encode())
    (fix,) = log.fixes
    assert (fix.time_ns, fix.lat_deg, fix.lon_deg) == (1_704_067_200_500_000_000, -50.5, 8.25)
    assert (fix.alt_m, fix.hdop, fix.heading_deg, fix.speed_mps) == (0.0, 1.2, None, None)
    assert log.name == "drive.gpx"


@pytest.mark.parametrize(
    ("time", "hour"),
    [("12:00:00Z", 12), ("12:00:00", 12), ("12:00:00+02:00", 10), ("12:00:00-05:30", 17.5)],
)
def test_times_are_utc_whatever_zone_they_are_written_in(read, time, hour):
    """A time without a zone is UTC, as GPX demands."""
    (fix,) = read(track(f'<trkpt lat="50" lon="8"><time>2024-01-01T{time}</time></trkpt>')).fixes
    assert fix.time_ns == 1_704_067_200 * 10**9 + round(hour * 3600) * 10**9


@pytest.mark.parametrize(
    "inside",
    [
        "<extensions><x:speed>12.5</x:speed><x:course>0</x:course></extensions>",
        "<extensions><x:T><x:course>0.0</x:course><x:speed>12.5</x:speed></x:T></extensions>",
    ],
)
def test_speed_and_course_are_found_in_extensions(read, inside):
    """Flat as OsmAnd writes them and nested as Garmin does; due north is zero."""
    (fix,) = read(track(point(0, inside=inside))).fixes
    assert (fix.speed_mps, fix.heading_deg) == (12.5, 0.0)


def test_gpx_1_0_has_speed_and_course_itself(read):
    """The old version has elements for them."""
    old = track(point(0, inside="<course>45</course><speed>3</speed>")).replace("1.1", "1.0", 1)
    (fix,) = read(old).fixes
    assert (fix.speed_mps, fix.heading_deg) == (3.0, 45.0)


@pytest.mark.parametrize("value", ["-1", "nan", "", "fast"])
def test_impossible_speeds_and_courses_are_unknown(read, value):
    """Phones write -1 for what they do not know."""
    inside = f"<extensions><x:speed>{value}</x:speed><x:course>{value}</x:course></extensions>"
    (fix,) = read(track(point(0, inside=inside))).fixes
    assert (fix.speed_mps, fix.heading_deg) == (None, None)


def test_all_tracks_and_segments_are_one_drive(read):
    """A recorder that pauses starts a new segment; the gap in time is found anyway."""
    parts = [
        f"<trk><trkseg>{point(n)}</trkseg><trkseg>{point(n + 1)}</trkseg></trk>" for n in (0, 2)
    ]
    assert len(read(HEAD + "".join(parts) + "</gpx>").fixes) == 4


def test_places_of_interest_beside_a_track_are_not_driven(read):
    """Routes and waypoints count only where there is no track."""
    extra = f"{point(9, tag='wpt')}<rte>{point(8, tag='rtept')}</rte>"
    content = track(point(0), point(1)).replace(HEAD, HEAD + extra)
    assert len(read(content).fixes) == 2


@pytest.mark.parametrize(
    ("before", "tag", "after"), [("", "wpt", ""), ("<rte>", "rtept", "</rte>")]
)
def test_a_file_of_routes_or_waypoints_alone_is_a_track(read, before, tag, after):
    """Some recorders write nothing else."""
    points = before + point(0, tag=tag) + point(1, tag=tag) + after
    assert len(read(f"{HEAD}{points}</gpx>").fixes) == 2


def test_points_without_time_are_counted_and_left_out(read):
    """The timed ones are used."""
    log = read(track(point(0), point(None), point(2)))
    assert (len(log.fixes), log.counts) == (2, {"points": 3, "untimed": 1})


def test_points_of_one_time_are_in_order(read):
    """Times to the second repeat in fast recordings; the track refuses what it cannot use."""
    assert len(read(track(point(1), point(1, lat=50.0001))).fixes) == 2


@pytest.mark.parametrize(
    ("content", "point_named"),
    [
        (track(point(None), point(None)), "2 points"),
        (track(point(5), point(6), point(4)), "point 3"),
        (track(), ""),
        (HEAD, ""),
        ("<html><p>hello</html>", ""),
        ("<kml/>", ""),
        (track(point(0, lat=91)), "point 1"),
        (track(point(0), point(1, lat="nan")), "point 2"),
        (track(point(0, lat="north")), ""),
        (track("<trkpt><time>2024-01-01T00:00:00Z</time></trkpt>"), ""),
        (b"<gpx>\xff</gpx>", "UTF-8"),
        (b"<gpx>\x00</gpx>", ""),
    ],
)
def test_what_is_no_usable_track_is_refused(read, content, point_named):
    """One sentence names the file, and the point where there is one."""
    with pytest.raises(InputError, match=r"drive\.gpx") as caught:
        read(content)
    assert point_named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_entities_that_multiply_are_refused(read):
    """A few lines could otherwise expand to gigabytes."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY e0 "ha">{levels}]>{HEAD}&e9;</gpx>'
    with pytest.raises(InputError, match="DOCTYPE"):
        read(bomb)


def test_deeply_nested_elements_are_refused(read):
    """Copying them would overflow the stack and crash the process; 64 deep is allowed."""
    for depth in (59, 60, 100_000):  # below gpx, trk, trkseg, trkpt and extensions
        nested = "<x:a>" * depth + "</x:a>" * depth
        content = track(point(0, inside=f"<extensions>{nested}</extensions>"))
        if depth == 59:
            assert len(read(content).fixes) == 1
            continue
        with pytest.raises(InputError, match=r"\b64\b.*drive\.gpx"):
            read(content)


def test_a_long_drive_is_read_whole(read):
    """264 timed points over 789 s, beside route points without times and a waypoint."""
    points = [
        f'<trkpt lat="{51.3 + number * 1e-4}" lon="12.3"><ele>{110 + number % 7}</ele>'
        f"<time>1970-01-01T00:{number * 3 // 60:02d}:{number * 3 % 60:02d}Z</time></trkpt>"
        for number in range(264)
    ]
    route = f"<rte>{point(None, tag='rtept') * 4}</rte>{point(None, tag='wpt')}"
    log = read(track(*points).replace(HEAD, HEAD + route))
    assert log.counts == {"points": 264, "untimed": 0}
    assert (log.fixes[0].time_ns, log.fixes[-1].time_ns) == (0, 789 * 10**9)
    assert log.fixes[-1].lat_deg == pytest.approx(51.3263)


@pytest.mark.real_data
def test_the_car_drive_is_read_whole(shared_data):
    """264 timed points over 796 s, beside route points without times."""
    log = read_positions(shared_data / "gps" / "car-leipzig.gpx")
    assert log.counts == {"points": 264, "untimed": 0}
    assert (log.fixes[0].time_ns, log.fixes[-1].time_ns) == (0, 796 * 10**9)


def test_white_space_around_a_time_is_no_part_of_it(read):
    """Pretty-printers put line ends into every element; numbers may have them, too."""
    content = track(point(0).replace("<time>", "<time>\n  ").replace("</time>", "\t</time>"))
    inside = "<ele>\n 12.5 </ele>"
    (fix,) = read(content.replace("</trkpt>", f"{inside}</trkpt>")).fixes
    assert (fix.time_ns, fix.alt_m) == (1_704_067_200 * 10**9, 12.5)


@pytest.mark.parametrize(
    "time",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z", "now"],
)
def test_a_time_that_no_receiver_had_is_refused_with_its_point(read, time):
    """The ends of the calendar, what lies before 1970, and what is no time."""
    broken = point(1).replace("2024-01-01T00:00:01Z", time)
    with pytest.raises(InputError, match=r"drive\.gpx.*point 2"):
        read(track(point(0), broken))


def test_a_text_cut_between_two_pieces_of_the_file_is_read_whole(read):
    """However the file falls into pieces, no point is lost or altered."""
    points = [point(n // 100 % 60, lat=50 + n * 1e-4) for n in range(5900)]
    fixes = read(track(*points)).fixes
    assert [round((fix.lat_deg - 50) * 1e4) for fix in fixes] == list(range(5900))


def test_utf16_with_its_mark_is_read(read):
    """XML may be UTF-16, and some programs of Windows write it."""
    assert len(read(track(point(0)).encode("utf-16")).fixes) == 1
