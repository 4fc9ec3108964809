"""Delivery status notifications, as two parsers of other people's see them: that
of Python, and mailparser of npm (when it can be had)."""
import dataclasses
import email
import email.message
import json
import subprocess

import packages


@dataclasses.dataclass
class Notice:
    raw: bytes
    message: email.message.Message
    text: str
    action: str
    status: str
    diagnostic: str
    original: email.message.Message


def recipients_in(status):
    """Python takes apart message/delivery-status only (RFC 3464), not what RFC 6533 has."""
    if status.get_content_type() == "message/delivery-status":
        return status.get_payload()[1:]
    text = status.get_payload(0).as_bytes().decode().replace("\r\n", "\n")
    return [email.message_from_string(block) for block in text.split("\n\n")[1:] if block.strip()]


def parse(raw, recipient, action):
    """Of the recipient and with that action, else None."""
    message = email.message_from_bytes(raw)
    if message.get_content_type() != "multipart/report" or message.get_param("report-type") != "delivery-status":
        return None
    text, status, original = message.get_payload()
    for fields in recipients_in(status):
        if fields["Final-Recipient"].split(";")[1].strip() == recipient and fields["Action"] == action:
            original = original.get_payload()
            original = original[0] if isinstance(original, list) else email.message_from_string(original)
            return Notice(raw, message, text.get_payload(decode=True).decode(), action, fields["Status"],
                          " ".join((fields["Diagnostic-Code"] or "").split()), original)
    return None


def by_mailparser(raw):
    """{headers, text, attachments: [{type, text}]}."""
    done = subprocess.run(["node", packages.MAILPARSER / "parse.js"], input=raw, capture_output=True, timeout=30,
                          check=True)
    return json.loads(done.stdout)
