"""Answers what the case asks for."""
import hashlib
import http.server
import json

FILE = b"a file\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, code, body=b"", **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path in ("/json", "/echo"):
            length = int(self.headers.get("Content-Length") or 0)
            said = {"method": self.command, "body": self.rfile.read(length).decode(), "type": self.headers.get("Content-Type"),
                    "given": self.headers.get("X-Given"), "auth": self.headers.get("Authorization")}
            self.answer(200, json.dumps(said).encode(), Content_Type="application/json", X_Demo="yes")
        elif self.path == "/redirect":
            self.answer(302, Location="/json")
        elif self.path == "/file":
            self.answer(200, FILE, Content_Disposition='attachment; filename="named"', Content_Type="text/plain")
        elif self.path == "/SHA256SUMS":
            self.answer(200, f"{hashlib.sha256(FILE).hexdigest()}  file\n".encode())
        else:
            self.answer(404, b"nothing here")

    do_POST = do_PUT = do_GET


http.server.ThreadingHTTPServer(("127.0.0.1", 8099), Handler).serve_forever()
