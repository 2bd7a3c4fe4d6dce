"""A page with the station's reading. Reads words.txt when it starts, and again at SIGHUP."""
import http.server
import os
import signal
import urllib.request

words = ""


def read_words(*_):
    global words
    with open("words.txt") as file:
        words = file.read().strip()
    print(f"it says {words!r}")


class Window(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with urllib.request.urlopen(os.environ["STATION"], timeout=3) as answer:
            reading = answer.read().decode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{words} {reading}".encode())

    def log_message(self, *_):
        pass


signal.signal(signal.SIGHUP, read_words)
read_words()
http.server.ThreadingHTTPServer(("", int(os.environ["PORT_HTTP"])), Window).serve_forever()
