"""DICOM SEG: segmentations/NAME.dcm, one binary segment a scan, for scans that came as DICOM.

Each refers to the instance it was drawn on, of a clip to its first frame, which is the one that was read,
and belongs to that instance's study and patient. Pixels lie on the source's own grid. Most ultrasounds and
mammograms have no coordinates in the patient: their segmentation then has none either, nor a spacing of its own,
also where the source says one: whoever measures in it takes that of the instance it refers to. The same verdict
gives the same instance, with the same UID, in whichever database. An empty mask is a frame without a pixel.
Written by highdicom, which is imported when it is needed.

Attribute names are those of DICOM PS3.3 (A.51), codes those of PS3.16 (context groups 7150, 7159 and 4031).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bcweb.review.export import pictures
from bcweb.review.export.parallel import in_order
from bcweb.review.export.rows import Row
from bcweb.scans import is_dicom

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom.dataset import Dataset
    from pydicom.valuerep import PersonName

# Names without a given name are no reason to warn.
warnings.filterwarnings("ignore", "The string .* is unlikely to represent the intended person name")

_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_TEXTS = (
    "PatientID", "PatientName", "AccessionNumber", "StudyID", "StudyDescription",
    "ReferringPhysicianName", "PatientIdentityRemoved", "DeidentificationMethod",
)  # fmt: skip
_DATES = ("PatientBirthDate", "StudyDate")
_TIME = r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?"
# What tells where a frame lies: of how many numbers, and in which groups where a file describes its frames in some.
_PLACE = {
    "ImagePositionPatient": (3, "PlanePositionSequence"),
    "ImageOrientationPatient": (6, "PlaneOrientationSequence"),
    "PixelSpacing": (2, "PixelMeasuresSequence"),
    "SliceThickness": (1, "PixelMeasuresSequence"),
}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_UTF_8 = "ISO_IR 192"
_VERSION = "review export 3"  # of what is written here
_SERIES_NUMBER = 9000  # far from those of a device


def write(folder: Path, cases: Iterable[tuple[Row, np.ndarray]]) -> list[Row]:
    """Write a segmentation of each case that came as DICOM, from its mask (H, W) bool; the rows with their files."""
    (folder / "segmentations").mkdir()
    return list(in_order(partial(_one, folder), cases))


def _one(folder: Path, row: Row, mask: np.ndarray) -> Row:
    try:
        source = _source(row)
    except pictures.PictureError as error:
        return row.without(str(error))
    file = BytesIO()  # written from memory: pydicom hides the disk's errors in its own
    try:
        segmentation(row, mask, source).save_as(file, enforce_file_format=True)
    except (ImportError, MemoryError, OSError):  # of this machine, not of the case
        raise
    except Exception as error:  # whatever pydicom and highdicom raise of odd values
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        return row.without(f"No segmentation can refer to its DICOM file: {why}.")
    row = replace(row, mask=f"segmentations/{row.name}.dcm")
    (folder / row.mask).write_bytes(file.getvalue())
    return row


def _source(row: Row) -> Dataset:
    """The header of the case's file; `PictureError` says why none can be referred to."""
    import pydicom

    pictures.scan_of(row.case)
    if not is_dicom(row.case.file):
        raise pictures.PictureError("It did not come as DICOM.")
    header = pydicom.dcmread(row.case.file, force=True, stop_before_pixels=True)
    for keyword in _NEEDED:
        if not header.get(keyword):
            name = pydicom.datadict.dictionary_description(keyword)
            raise pictures.PictureError(
                f"Its DICOM file has no {name}, to which a segmentation refers."
            )
    return header


def segmentation(row: Row, mask: np.ndarray, header: Dataset) -> Segmentation:
    """The segmentation of one scan. mask: (H, W) bool on the grid of the source's first frame."""
    import highdicom
    from pydicom.uid import generate_uid

    verdict = row.verdict
    at = verdict.at.astimezone(UTC)  # not in the time of whatever machine exports it
    plane = _plane(header)
    who = f"{verdict.reader} {verdict.at.isoformat()}"
    made = highdicom.seg.Segmentation(
        source_images=[plane],
        pixel_array=mask,
        segmentation_type="BINARY",
        segment_descriptions=[_segment(row, header)],
        series_instance_uid=generate_uid(entropy_srcs=[plane.SeriesInstanceUID, "bcweb review"]),
        series_number=_SERIES_NUMBER,
        # Not of the verdict's number, which is another one where it came back from a backup.
        sop_instance_uid=generate_uid(
            entropy_srcs=[plane.SOPInstanceUID, verdict.key, who, _VERSION]
        ),
        instance_number=_number(header),  # a case's own place may be another after a backup
        manufacturer="bcweb",
        manufacturer_model_name="bcweb.review",
        software_versions=_VERSION,
        device_serial_number="0",
        content_label="LESION",
        content_description=_DESCRIPTIONS[verdict.decision],
        content_creator_name=_person(verdict.reader),
        omit_empty_frames=False,
        content_date=at.date(),
        content_time=at.time(),
        series_description="Breast lesions, reviewed",
        specific_character_set=_UTF_8,
    )
    if (
        "ImagePositionPatient" not in plane
    ):  # which way it lies must then be said, if only as unknown
        made.PatientOrientation = header.get("PatientOrientation")
    _refer(made, header)
    _same_again(made)
    return made


_DESCRIPTIONS = {
    "accept": "Prediction, accepted by a reader",
    "truth": "Given truth, kept by a reader",
    "corrected": "Drawn by a reader",
}


def _segment(row: Row, header: Dataset) -> SegmentDescription:
    """Breast, lesion; by whom, as far as DICOM tells people and programs apart."""
    import highdicom
    from pydicom.sr.codedict import codes

    verdict = row.verdict
    how = "MANUAL"
    if verdict.decision == "accept":
        how = "AUTOMATIC"
    elif verdict.beginning in ("prediction", "threshold") and verdict.decision == "corrected":
        how = "SEMIAUTOMATIC"
    program = None
    if how != "MANUAL":
        program = highdicom.AlgorithmIdentificationSequence(
            name="bcweb", family=codes.DCM.ArtificialIntelligence, version=verdict.revision or "?"
        )
    segment = highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label="Lesion",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Lesion,
        algorithm_type=how,
        algorithm_identification=program,
        anatomic_regions=[codes.SCT.Breast],
    )
    sides = {"L": codes.SCT.Left, "R": codes.SCT.Right}
    side = sides.get(str(header.get("ImageLaterality") or header.get("Laterality")))
    if side:
        modifier = highdicom.sr.CodedConcept.from_code(side)
        segment.AnatomicRegionSequence[0].AnatomicRegionModifierSequence = [modifier]
    return segment


def _plane(header: Dataset) -> Dataset:
    """What a segmentation takes over from its source: the first frame as an image by itself.

    Files of the real world have dates that are none, private or retired kinds, character sets and frames
    that highdicom refuses; so it is given a clean header of the plainest kind, and `_refer` then names
    the true one.
    """
    from pydicom.dataset import Dataset

    plane = Dataset()
    plane.SOPClassUID = _SECONDARY_CAPTURE
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Rows", "Columns"):
        setattr(plane, keyword, header[keyword].value)
    plane.Modality = header.get("Modality") or "OT"
    for keyword in _TEXTS:
        if keyword in header or keyword in (
            "PatientID",
            "PatientName",
            "AccessionNumber",
            "StudyID",
        ):
            setattr(plane, keyword, _text(header, keyword))
    for keyword in _DATES:
        setattr(plane, keyword, _date(str(header.get(keyword))))
    time = str(header.get("StudyTime"))
    plane.StudyTime = time if re.fullmatch(_TIME, time) else ""
    sex = header.get("PatientSex")
    plane.PatientSex = sex if sex in ("M", "F", "O") else ""
    if header.get("FrameOfReferenceUID"):
        plane.FrameOfReferenceUID = header.FrameOfReferenceUID
        plane.PositionReferenceIndicator = header.get("PositionReferenceIndicator")
        for keyword, value in _place(header).items():
            setattr(plane, keyword, value)
    if plane.get("PatientIdentityRemoved") == "YES" and not plane.get("DeidentificationMethod"):
        plane.DeidentificationMethod = "Not said by the source"  # DICOM wants one beside the YES
    if header.get("LossyImageCompression") == "01":
        plane.LossyImageCompression = "01"
        for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
            if keyword in header:
                setattr(plane, keyword, header[keyword].value)
    return plane


def _number(header: Dataset) -> int:
    """The source's number in its series, or 1 where it has none."""
    try:
        number = int(header.InstanceNumber)
    except (AttributeError, TypeError, ValueError, OverflowError):
        return 1
    return number if 0 < number < 2**31 else 1


def _text(header: Dataset, keyword: str) -> str | PersonName:
    r"""As the file has it: pydicom takes 12\34 for two values, also where there may be but one."""
    from pydicom.multival import MultiValue
    from pydicom.valuerep import PersonName

    said = header.get(keyword) or ""
    text = "\\".join(map(str, said)) if isinstance(said, MultiValue) else str(said)
    return PersonName(text) if keyword.endswith("Name") else text  # highdicom takes one name


def _date(said: str) -> str:
    """It as it is, or "" where it is no day: some programs shift dates by adding years."""
    try:
        datetime.strptime(said, "%Y%m%d")
    except ValueError:
        return ""
    return said if re.fullmatch("[0-9]{8}", said) else ""


def _place(header: Dataset) -> dict[str, Any]:
    """Where the first frame lies in the patient, if the file says all of it, in numbers that can be so."""
    from bcweb.scans.dicom import first_frame

    found = {keyword: first_frame(header, keyword, of) for keyword, (_, of) in _PLACE.items()}
    for keyword, (count, _) in _PLACE.items():
        numbers = np.array(found[keyword] or np.nan, float)  # an empty element is None
        if numbers.size != count or not np.isfinite(numbers).all():
            return {}
    axes = np.array(found["ImageOrientationPatient"], float).reshape(2, 3)
    are_axes = np.allclose(axes @ axes.T, np.eye(2), atol=1e-3)  # of length 1, at right angles
    return found if are_axes and min(found["PixelSpacing"]) > 0 else {}


def _refer(made: Segmentation, header: Dataset) -> None:
    """Name the source's true kind, and its first frame where it has more than one."""
    several = int(header.get("NumberOfFrames") or 1) > 1
    references = [*made.SourceImageSequence]
    references += [i for s in made.ReferencedSeriesSequence for i in s.ReferencedInstanceSequence]
    for frame in made.PerFrameFunctionalGroupsSequence:
        for derivation in frame.DerivationImageSequence:
            for reference in derivation.SourceImageSequence:
                references.append(reference)
                if several:
                    reference.ReferencedFrameNumber = 1
    for reference in references:
        reference.ReferencedSOPClassUID = header.SOPClassUID


def _same_again(made: Segmentation) -> None:
    """Nothing of this moment: what has one UID is one content, whenever it is exported."""
    from pydicom.uid import generate_uid

    made.InstanceCreationDate, made.InstanceCreationTime = made.ContentDate, made.ContentTime
    for equipment in made.ContributingEquipmentSequence:
        equipment.ContributionDateTime = f"{made.ContentDate}{made.ContentTime}+0000"
    organisation = generate_uid(entropy_srcs=[made.SOPInstanceUID, "dimensions"])
    for item in (*made.DimensionOrganizationSequence, *made.DimensionIndexSequence):
        item.DimensionOrganizationUID = organisation


def _person(name: str) -> str:
    """A reader's name as DICOM takes one: a family name of at most 63 characters, without separators."""
    return re.sub(r"[\\^=\x00-\x1f]", " ", name)[:63].strip() + "^"
