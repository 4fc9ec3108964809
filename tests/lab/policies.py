"""A web server with one MTA-STS policy."""
import http.server
import socket
import ssl
import threading

import world

PATH = "/.well-known/mta-sts.txt"


class PolicyServer:
    """On the host's IPv4 address, until close(). asked: how often the policy was read."""

    def __init__(self, host, certificate, text):
        outer, self.asked = self, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                good = self.path == PATH
                outer.asked += good
                self.send_response(200 if good else 404)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(text) if good else 0))
                self.end_headers()
                self.wfile.write(text.encode() if good else b"")

            def log_message(self, *_):
                pass

        class Https(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def finish_request(self, request, client):
                """The handshake is done in the connection's own thread."""
                request.settimeout(10)
                try:
                    super().finish_request(context.wrap_socket(request, server_side=True), client)
                except (OSError, ssl.SSLError):
                    pass  # a client that does not like the certificate

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        self.server = Https((host.v4, 443), Handler, bind_and_activate=False)
        self.server.socket.close()
        with world.inside():
            self.server.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.server.server_bind()
        self.server.server_activate()
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
