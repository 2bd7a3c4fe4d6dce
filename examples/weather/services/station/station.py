"""Answers GET /reading with the temperature of the processor, or where no sensor is with the load."""
import http.server
import os
import sys

SENSOR = "/sys/class/thermal/thermal_zone0/temp"


def reading():
    try:
        with open(SENSOR) as sensor:
            return f"{int(sensor.read()) / 1000:.1f} degrees"
    except OSError:
        return f"a load of {os.getloadavg()[0]:.2f}"


class Station(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/reading"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(f"{reading() if found else 'see /reading'}\n".encode())

    def log_message(self, *_):
        pass


print("measuring")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Station).serve_forever()
