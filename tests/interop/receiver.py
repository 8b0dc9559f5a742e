"""A receiver of webhooks over TLS (https), with a certificate from an authority of its own: says its port on stdout, answers
204, and keeps what it got last: the bytes that are signed and the signature."""

import base64
import http.server
import pathlib
import ssl
import subprocess
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir()


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
openssl("req", "-x509", *NEW_KEY, "-days", "2", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
openssl("req", *NEW_KEY, "-subj", "/CN=receiver", "-keyout", "key.pem", "-out", "request")
(folder / "names").write_text("subjectAltName=DNS:localhost\n")
openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "names", "-out", "cert.pem")


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        said = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}."
        (folder / "signed").write_bytes(said.encode() + body)
        signature = self.headers["webhook-signature"].removeprefix("v1a,")
        (folder / "signature").write_bytes(base64.b64decode(signature, validate=True))
        self.send_response(204)
        self.end_headers()


server = http.server.HTTPServer(("localhost", 0), Receiver)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
