// usage: parse.js <message; prints as JSON what mailparser makes of it
const { simpleParser } = require('mailparser');

simpleParser(process.stdin, { keepDeliveryStatus: true }).then((mail) => {
  console.log(JSON.stringify({
    subject: mail.subject,
    from: mail.from && mail.from.text,
    type: mail.headers.get('content-type'),
    text: mail.text,
    attachments: mail.attachments.map((a) => ({ type: a.contentType, text: a.content.toString() })),
  }));
});
