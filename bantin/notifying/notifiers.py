"""How a message gets to a target: notifiers of Airflow's, which look up their connections in Airflow.

Airflow's notifiers render their arguments as templates when they are called: text from a page could have itself
executed. These have no such fields, and are told by `notify`.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import BaseNotifier

from bantin.notifying.messages import Message, as_html, as_slack, as_text
from bantin.notifying.targets import Target

TIMEOUT_S = 30


class FileNotifier(BaseNotifier):
    """Writes a line of JSON at the end of a file: `at`, `subject` and `text`."""

    def __init__(self, path: Path, message: Message) -> None:
        super().__init__()
        self.path = path
        self.message = message

    def notify(self, context: Any) -> None:
        """Raises OSError."""
        told = {"at": datetime.now(UTC).isoformat(), "subject": self.message.subject, "text": as_text(self.message)}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(told, ensure_ascii=False) + "\n")


class WebhookNotifier(SlackWebhookNotifier):
    """Posts to a webhook as Slack has them."""

    template_fields = ()  # type: ignore[assignment]

    def __init__(self, connection: str, message: Message) -> None:
        super().__init__(
            slack_webhook_conn_id=connection,
            text=as_slack(message),
            unfurl_links=False,
            unfurl_media=False,
            timeout=TIMEOUT_S,
        )


class MailNotifier(SmtpNotifier):
    """Sends an e-mail, from the connection's `from_email`."""

    template_fields = ()  # type: ignore[assignment]

    def __init__(self, connection: str, address: str, message: Message) -> None:
        super().__init__(smtp_conn_id=connection, to=address, subject=message.subject, html_content=as_html(message))


def notifier_of(target: Target, message: Message) -> BaseNotifier:
    """The notifier that gives `message` to `target`."""
    if target.kind == "file":
        return FileNotifier(Path(target.address), message)
    if target.kind == "slack":
        return WebhookNotifier(target.connection, message)
    return MailNotifier(target.connection, target.address, message)
