from bcweb.scans.scan import Modality, Scan


def guess_modality(scan: Scan) -> Modality:
    return "ultrasound"
