"""A gRPC server on grpcio (the C core), for the tests of grpc-discover: grpc.health.v1 with statuses set from outside.

stdout carries one JSON object a line: first where it listens, then every call. stdin carries commands, one a line:

    health SERVICE STATUS   set a status; `health "" STATUS` or `health STATUS` is the server as a whole
    graceful-stop           GOAWAY to everybody, exit once the last call has ended
    stop                    cancel every call and exit (also while a graceful stop waits)

At the end of stdin the process exits, so that a test that dies leaves nothing behind.

With --check ADDRESS it is a client instead: one Health/Check over plaintext, whose status it prints as JSON.
"""

import argparse
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

STATUSES = health_pb2.HealthCheckResponse.ServingStatus
FOREVER = 24 * 60 * 60.0

_write = threading.Lock()


def write(line):
    with _write:
        try:
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # the reader closed its end
            os._exit(0)


def event(name, **fields):
    write({"event": name, "time": int(time.time() * 1000), **fields})


def serving_status(word):
    try:
        return STATUSES.Value(word)
    except ValueError:
        known = ", ".join(STATUSES.keys())
        raise argparse.ArgumentTypeError(f"status {word!r}: want one of {known}") from None


def service_status(argument):
    service, equals, word = argument.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{argument!r}: want SERVICE=STATUS")
    return service, serving_status(word)


def channel_argument(argument):
    key, equals, value = argument.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{argument!r}: want KEY=VALUE")
    return key, int(value) if value.lstrip("-").isdigit() else value


class Health(health.HealthServicer):
    """The library's servicer, which also tells of every call."""

    def Check(self, request, context):
        self._tell("Check", context)
        return super().Check(request, context)

    def Watch(self, request, context, send_response_callback=None):
        self._tell("Watch", context)
        return super().Watch(request, context, send_response_callback)

    @staticmethod
    def _tell(name, context):
        fields = {
            "method": f"/{health.SERVICE_NAME}/{name}",
            "remote": context.peer(),
            "user_agent": dict(context.invocation_metadata()).get("user-agent", ""),
        }
        event("call", **fields)
        context.add_callback(lambda: event("call-ended", **fields))


def command(words, server, servicer):
    """Does one command and returns what is to happen after it has been answered."""
    match words:
        case ["health", word]:
            servicer.set("", serving_status(word))
        case ["health", service, word]:
            servicer.set(service.strip('"'), serving_status(word))
        case ["graceful-stop"]:
            return lambda: server.stop(FOREVER)
        case ["stop"]:
            return lambda: server.stop(None)
        case _:
            raise argparse.ArgumentTypeError(f"unknown command {' '.join(words)!r}")
    return None


def obey(server, servicer):
    for text in sys.stdin:
        text = text.strip()
        if not text:
            continue
        try:
            after = command(text.split(), server, servicer)
        except argparse.ArgumentTypeError as error:
            event("refused", command=text, error=str(error))
            continue
        event("done", command=text)
        if after is not None:
            after()
    os._exit(0)


def check(address):
    with grpc.insecure_channel(address) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
    write({"status": STATUSES.Name(answer.status)})


def main():
    version = f"grpcio {grpc.__version__}"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument("--listen", default="127.0.0.1:0", help="host:port; port 0 is free choice")
    parser.add_argument("--health", type=service_status, action="append", default=[], metavar="SERVICE=STATUS")
    parser.add_argument("--no-health", action="store_true", help="do not serve grpc.health.v1")
    parser.add_argument(
        "--option",
        type=channel_argument,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any channel argument, such as grpc.max_connection_idle_ms=500",
    )
    parser.add_argument("--check", metavar="ADDRESS", help="be a client: one Health/Check of ADDRESS")
    settings = parser.parse_args()
    if settings.check:
        return check(settings.check)

    # Without this the C core silently shares a port that is in use.
    options = [("grpc.so_reuseport", 0), *settings.option]
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=options)
    servicer = Health()
    for service, status in settings.health:
        servicer.set(service, status)
    if not settings.no_health:
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    try:
        port = server.add_insecure_port(settings.listen)
    except RuntimeError as error:
        sys.exit(f"grpcio peer: {error}")
    server.start()
    write({"listening": f"{settings.listen.rpartition(':')[0]}:{port}", "version": version})
    threading.Thread(target=obey, args=(server, servicer), daemon=True).start()
    server.wait_for_termination()
    event("stopped")


if __name__ == "__main__":
    main()
