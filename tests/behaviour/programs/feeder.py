"""A text server: prints its port, sends its arguments as lines to each client, keeps the connection open."""
import socket
import sys

listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
clients = []
while True:
    client, _ = listener.accept()
    client.sendall("".join(line + "\n" for line in sys.argv[1:]).encode())
    clients.append(client)
