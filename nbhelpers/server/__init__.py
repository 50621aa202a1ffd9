"""An extension of the Jupyter server: what a kernel says leaves for the page at once.

A picture of a playground reaches the page through a WebSocket of the server. As it comes, that
connection follows Nagle's algorithm: a message waits until the page's computer has acknowledged
the one before, and the acknowledgement may wait in turn, 40 ms on Linux. Under *Play* two pictures
then come together, of which the page paints only the second. TCP_NODELAY turns the waiting off.

Installing the package places ``nbhelpers.json``, which switches the extension on, among the
settings of the environment's Jupyter; ``jupyter server extension disable nbhelpers.server``
switches it off.

Source: RFC 896 (the algorithm), RFC 1122, section 4.2.3 (both kinds of waiting, and that an
application must be able to turn the first one off).
"""


def _jupyter_server_extension_points():
    """Where the server finds the extension."""
    return [{"module": __name__}]


def _load_jupyter_server_extension(app):
    """Let each connection between a page and a kernel of ``app`` (a ServerApp) send at once."""
    settings = app.web_app.settings

    class NoDelayConnection(settings["kernel_websocket_connection_class"]):
        """The server's own kind of connection, without the wait for acknowledgements."""

        def connect(self):
            self.websocket_handler.set_nodelay(True)
            return super().connect()

    settings["kernel_websocket_connection_class"] = NoDelayConnection
