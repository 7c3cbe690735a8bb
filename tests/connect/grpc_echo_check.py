#!/usr/bin/env python3
"""grpcio, the client under PySpark, against the echo service of grpc_echo.h; run by test_grpc_client.c.

    grpc_echo_check.py PLAIN_PORT TOKEN_PORT TLS_PORT CERTIFICATE

Exit code 0 when all checks hold; what does not is printed.
"""
import socket
import ssl
import sys
import threading
import time
import traceback

import grpc

PLAIN, TOKEN, TLS = (f"127.0.0.1:{port}" for port in sys.argv[1:4])
CERTIFICATE = sys.argv[4]
BIG = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
TIMEOUT = 30


def unary(channel, name, request=b"", **more):
    more.setdefault("timeout", TIMEOUT)
    return channel.unary_unary(f"/test.Echo/{name}")(request, **more)


def stream(channel, name, request=b"", **more):
    more.setdefault("timeout", TIMEOUT)
    return channel.unary_stream(f"/test.Echo/{name}")(request, **more)


def counts(channel):
    return [int(n) for n in unary(channel, "Counts").split()]


def fails(code, call, details=None):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, (error.code(), error.details())
        assert details is None or details in error.details(), error.details()
        return error
    raise AssertionError(f"no error where {code} was expected")


def eventually(holds):
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError("it never came to hold")


def check_unary(channel):
    assert unary(channel, "Unary", b"hello") == b"hello"
    assert unary(channel, "Worker", b"") == b""
    big = bytes(range(256)) * 80000
    assert unary(channel, "Worker", big) == big
    assert b"grpc-python" in unary(channel, "Agent")


def check_stream_of_40_mb(channel):
    sizes = [len(m) for m in stream(channel, "Stream", b"40 1000000")]
    assert len(sizes) == 40 and sum(sizes) == 40 * 1000000 + 10 * 2 + 30 * 3, sizes
    assert sum(len(m) for m in stream(channel, "Pump", b"1000 40000")) == 40000000
    assert len(next(stream(channel, "Stream", b"1 16777216"))) == 16777216 + 2


def check_upload(channel):
    call = channel.stream_unary("/test.Echo/Upload")
    assert call((b"x" * 30000 for _ in range(500)), timeout=TIMEOUT) == b"500 15000000"
    assert call(iter(()), timeout=TIMEOUT) == b"0 0"
    assert channel.stream_unary("/test.Echo/Early")((b"x" for _ in range(3)), timeout=TIMEOUT) == b"enough"


def check_cancel_in_the_middle(channel):
    cancelled, _, cut_short = counts(channel)
    call = stream(channel, "Stream", b"100000 100000")
    for _ in range(3):
        next(call)
    call.cancel()
    eventually(lambda: counts(channel)[2] == cut_short + 1)
    assert counts(channel)[0] == cancelled + 1


def check_deadline(channel):
    cancelled = counts(channel)[0]
    began = time.monotonic()
    fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: unary(channel, "Hang", timeout=0.05))
    assert time.monotonic() - began < 5
    eventually(lambda: counts(channel)[0] == cancelled + 1)


def check_statuses(channel):
    error = fails(grpc.StatusCode.INTERNAL, lambda: unary(channel, "Fail", "13 caf\u00e9 100% \U0001f600".encode()))
    assert error.details() == "caf\u00e9 100% \U0001f600", error.details()
    trailers = dict(error.trailing_metadata())
    assert trailers["grpc-status-details-bin"] == "13 caf\u00e9 100% \U0001f600".encode(), trailers
    error = fails(grpc.StatusCode.INTERNAL, lambda: unary(channel, "Fail", b"13 " + b"\xc3\xa9" * 2000))
    assert len(error.details()) > 300 and error.details().strip("\u00e9") == "", error.details()
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: unary(channel, "Nothing"), "Method not found: test.Echo/Nothing")


def check_tokens(_):
    with grpc.insecure_channel(TOKEN) as channel:
        def call(*metadata):
            return unary(channel, "Unary", b"x", metadata=metadata)
        fails(grpc.StatusCode.UNAUTHENTICATED, call, "No authentication token provided")
        fails(grpc.StatusCode.UNAUTHENTICATED, lambda: call(("authorization", "Bearer wrong")),
              "Invalid authentication token")
        assert call(("authorization", "Bearer s3cret")) == b"x"
        good = [("authorization", "Bearer s3cret")]
        fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: unary(channel, "Unary", b"x" * 1048577, metadata=good),
              "exceeds maximum size 1048576")
        assert len(unary(channel, "Unary", b"x" * 1048576, metadata=good)) == 1048576
        fails(grpc.StatusCode.RESOURCE_EXHAUSTED, lambda: unary(
            channel, "Unary", b"x" * 40000000, metadata=good, compression=grpc.Compression.Gzip),
            "exceeds maximum size")
        assert call(*good) == b"x"


def check_tls(_):
    with open(CERTIFICATE, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    with grpc.secure_channel(TLS, credentials, BIG) as channel:
        check_unary(channel)
        check_stream_of_40_mb(channel)
        check_upload(channel)
        check_cancel_in_the_middle(channel)
    with grpc.insecure_channel(TLS) as channel:
        fails(grpc.StatusCode.UNAVAILABLE, lambda: unary(channel, "Unary", timeout=5))
    host, port = TLS.split(":")
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host).recv(1)
        raise AssertionError("TLS without h2 was let in")
    except ssl.SSLError:
        pass


def check_compressed(channel):
    for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        big = b"spate " * 1000000
        assert unary(channel, "Unary", big, compression=compression) == big


def check_many_clients(_):
    problems = []

    def client(number):
        try:
            options = BIG + [("grpc.use_local_subchannel_pool", 1)]
            with grpc.insecure_channel(PLAIN, options) as channel:
                for i in range(20):
                    text = b"%d %d" % (number, i)
                    assert unary(channel, "Worker" if i % 2 else "Unary", text) == text
                assert sum(1 for _ in stream(channel, "Stream", b"50 20000")) == 50
        except Exception:
            problems.append(traceback.format_exc())

    threads = [threading.Thread(target=client, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems[0]


def check_many_streams_of_one_client(channel):
    calls = [stream(channel, "Stream", b"20 30000") for _ in range(200)]
    assert [sum(len(m) for m in call) for call in calls] == [20 * 30000 + 10 * 2 + 10 * 3] * 200


def check_garbage(channel):
    host, port = PLAIN.split(":")
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 1000, preface + b"\xff" * 5000,
                 preface + b"\x00\x00\x05\x01\x05\x00\x00\x00\x01\xff\xff\xff\xff\xff",
                 preface + b"\x00\x40\x01\x00\x00\x00\x00\x00\x01"):
        with socket.create_connection((host, int(port)), timeout=TIMEOUT) as s:
            s.sendall(junk)
            try:
                while s.recv(65536):
                    pass
            except ConnectionResetError:
                pass
        assert unary(channel, "Unary", b"still here") == b"still here"


def main():
    failed = 0
    for name, check in list(globals().items()):
        if not name.startswith("check_"):
            continue
        began = time.monotonic()
        try:
            with grpc.insecure_channel(PLAIN, BIG) as channel:
                check(channel)
            print(f"  grpcio {name[6:]}: {time.monotonic() - began:.2f} s", flush=True)
        except Exception:
            failed += 1
            print(f"  grpcio {name[6:]} FAILED\n{traceback.format_exc()}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
