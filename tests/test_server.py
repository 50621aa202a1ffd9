"""The extension of the Jupyter server: pictures leave for the page without waiting.

A real server, a real kernel and a real WebSocket; the server's own settings are left out, those of
the environment that the package is installed in are not.
"""

import asyncio
import json
import urllib.request

import pytest
from lab import jupyter_lab
from tornado.websocket import websocket_connect

# A server's connection that writes down whether its socket sends at once.
WATCHED = """\
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class Watched(ZMQChannelsWebsocketConnection):
    def connect(self):
        socket = self.websocket_handler.ws_connection.stream.socket
        Path({file!r}).write_text(str(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY)))
        return super().connect()


c.ServerApp.kernel_websocket_connection_class = Watched
"""


async def answer(url):
    """The first message of type "status" from a new kernel's channels."""
    channels = await websocket_connect(url)
    header = {"msg_id": "1", "msg_type": "kernel_info_request", "session": "1", "username": ""}
    ask = {"header": header, "parent_header": {}, "metadata": {}, "content": {}}
    await channels.write_message(json.dumps(ask | {"channel": "shell"}))
    async with asyncio.timeout(30):
        while (message := json.loads(await channels.read_message()))["msg_type"] != "status":
            pass
        channels.close()
        while await channels.read_message() is not None:  # None: closed on the other side, too
            pass
    return message


def sends_at_once(folder, *options):
    """Whether TCP_NODELAY is set where a kernel's messages leave a server with these options."""
    seen, config = folder / "seen.txt", folder / "watched.py"
    config.write_text(WATCHED.format(file=str(seen)), encoding="utf-8")
    with jupyter_lab(folder, f"--config={config}", *options) as address:
        request = urllib.request.Request(f"{address}/api/kernels", data=b"{}")
        with urllib.request.urlopen(request) as opened:
            kernel = json.load(opened)["id"]
        channels = f"{address.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
        message = asyncio.run(answer(channels))
    assert message["content"]["execution_state"] in ("starting", "busy", "idle")
    return seen.read_text(encoding="utf-8") != "0"


@pytest.mark.parametrize(("enabled", "at_once"), [(None, True), ("False", False)])
def test_messages_do_not_wait_where_the_package_is_installed(tmp_path, enabled, at_once):
    """Switched off, they do: should Jupyter change that itself, the extension has no use."""
    options = [f"--ServerApp.jpserver_extensions=nbhelpers.server={enabled}"] if enabled else []
    assert sends_at_once(tmp_path, *options) == at_once
