"""pyHanko on the seal in a report: sealed.py REPORT CERTIFICATE. Valid, over the whole file, by the certificate whose
SHA-256 is given; the only root of trust is that certificate itself."""
import hashlib
import sys

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

path, named = sys.argv[1:]
with open(path, "rb") as file:
    [seal] = PdfFileReader(file).embedded_signatures
    certificate = seal.signer_cert
    assert hashlib.sha256(certificate.dump()).hexdigest() == named, "another certificate"
    assert seal.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    context = ValidationContext(trust_roots=[certificate], allow_fetching=False)
    status = validate_pdf_signature(seal, context, key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}))
    print(status.pretty_print_details())
    assert status.valid and status.intact and status.trusted, "not valid"
    assert status.coverage.name == "ENTIRE_FILE", status.coverage
    assert status.bottom_line
