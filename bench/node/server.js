// The portal that most people would write for Node: Express, qrcode and the AWS SDK. "make bench" measures the portal
// beside it. It is kinder to Node than most: one client for all requests, and a cookie sealed by node:crypto alone.
//
//   node server.js PORT POOL-ENDPOINT
"use strict";
const crypto = require("node:crypto");
const express = require("express");
const QRCode = require("qrcode");
const {
  CognitoIdentityProviderClient, InitiateAuthCommand, AssociateSoftwareTokenCommand, VerifySoftwareTokenCommand,
  RespondToAuthChallengeCommand,
} = require("@aws-sdk/client-cognito-identity-provider");

const [port, endpoint] = process.argv.slice(2);
const pool = new CognitoIdentityProviderClient({
  region: "eu-central-1", endpoint, credentials: { accessKeyId: "none", secretAccessKey: "none" },
});
const key = crypto.randomBytes(32);

function seal(value) {
  const nonce = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

function open(text) {
  const raw = Buffer.from(text, "base64url");
  const decipher = crypto.createDecipheriv("aes-256-gcm", key, raw.subarray(0, 12));
  decipher.setAuthTag(raw.subarray(12, 28));
  return JSON.parse(Buffer.concat([decipher.update(raw.subarray(28)), decipher.final()]));
}

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (title, body) => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Northwind</title>
<link rel="stylesheet" href="/static/site.css">
</head>
<body>
<header><a href="/">Northwind</a></header>
<main>
<h1>${title}</h1>
${body}
</main>
<footer>Need help? Call the service desk: 555 0100</footer>
</body>
</html>
`;

async function setUp(session, failure) {
  const uri = `otpauth://totp/${encodeURIComponent("Northwind:" + session.username)}?secret=${session.secret}&issuer=Northwind`;
  const picture = await QRCode.toDataURL(uri);
  return page("Set up your authenticator app", `<p>Signed in as ${escape(session.username)}.</p>
<ol>
<li><h2>Get an authenticator app</h2><p>Any app for one-time codes will do, for example on your phone.</p></li>
<li><h2>Scan the QR code</h2>
<p><img src="${picture}" width="256" height="256" alt="QR code with your key"></p>
<p>You cannot scan it? Type this key: <code id="key">${escape(session.secret)}</code></p></li>
<li><h2>Type the code that the app shows</h2>
<form action="/verify" method="post">
${failure ? `<p role="alert">${failure}</p>` : ""}
<label for="code">Code</label> <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required>
<button>Verify</button>
</form></li>
</ol>`);
}

const app = express();
app.disable("x-powered-by");
app.use((req, res, next) => {
  console.log(JSON.stringify({ time: new Date(), method: req.method, path: req.path }));
  next();
});
app.use(express.urlencoded({ extended: false }));
app.use((req, res, next) => {
  const found = /(?:^|; )mfa=([^;]+)/.exec(req.headers.cookie || "");
  req.session = found ? open(found[1]) : {};
  next();
});
const keep = (res, session) => res.cookie("mfa", seal(session), { httpOnly: true, sameSite: "lax" });
const handle = (work) => (req, res, next) => work(req, res).catch(next);

app.get("/login", (req, res) => res.send(page("Sign in", `<form action="/login" method="post">
<label for="username">User name</label> <input id="username" name="username" autocomplete="username" required>
<label for="password">Password</label> <input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button>
</form>`)));

app.post("/login", handle(async (req, res) => {
  const { username, password } = req.body;
  const out = await pool.send(new InitiateAuthCommand({
    AuthFlow: "USER_PASSWORD_AUTH", ClientId: "bench", AuthParameters: { USERNAME: username, PASSWORD: password },
  }));
  keep(res, { username, session: out.Session });
  res.redirect(303, "/setup");
}));

app.get("/setup", handle(async (req, res) => {
  const session = req.session;
  if (!session.secret) {
    const out = await pool.send(new AssociateSoftwareTokenCommand({ Session: session.session }));
    session.secret = out.SecretCode;
    session.session = out.Session;
    keep(res, session);
  }
  res.send(await setUp(session, ""));
}));

app.post("/verify", handle(async (req, res) => {
  const session = req.session;
  let out;
  try {
    out = await pool.send(new VerifySoftwareTokenCommand({ Session: session.session, UserCode: req.body.code }));
  } catch {
    res.status(422).send(await setUp(session, "That code is wrong."));
    return;
  }
  await pool.send(new RespondToAuthChallengeCommand({
    ChallengeName: "MFA_SETUP", ClientId: "bench", Session: out.Session, ChallengeResponses: { USERNAME: session.username },
  }));
  res.clearCookie("mfa");
  res.redirect(303, "/done");
}));

app.get("/done", (req, res) => res.send(page("You are done", "<p>From now on you are asked for a code of your app when you sign in.</p>")));

// Connections stay open as long as the others', also where a loaded machine lets one wait for its turn.
app.listen(Number(port), "127.0.0.1").keepAliveTimeout = 60_000;
