"""The socket that is listened on."""

import socket

from exporter.serve.listening import listen


def test_an_answer_in_two_parts_does_not_wait_between_them():
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
