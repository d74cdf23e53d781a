package main

import "html/template"

// pages have what the portal's have in their main part, and nothing around it.
//
//nolint:gochecknoglobals // parsed once
var pages = template.Must(template.New("").Parse(`
{{define "head"}}<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.}} · Northwind</title>
<link rel="stylesheet" href="/static/site.css">
</head>
<body>
<header><a href="/">Northwind</a></header>
<main>
<h1>{{.}}</h1>
{{end}}
{{define "foot"}}</main>
<footer>Need help? Call the service desk: 555 0100</footer>
</body>
</html>
{{end}}
{{define "login"}}{{template "head" "Sign in"}}
<form action="/login" method="post">
<label for="username">User name</label> <input id="username" name="username" autocomplete="username" required>
<label for="password">Password</label> <input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button>
</form>
{{template "foot"}}{{end}}
{{define "setup"}}{{template "head" "Set up your authenticator app"}}
<p>Signed in as {{.Username}}.</p>
<ol>
<li><h2>Get an authenticator app</h2><p>Any app for one-time codes will do, for example on your phone.</p></li>
<li><h2>Scan the QR code</h2>
<p><img src="{{.QR}}" width="256" height="256" alt="QR code with your key"></p>
<p>You cannot scan it? Type this key: <code id="key">{{.Key}}</code></p></li>
<li><h2>Type the code that the app shows</h2>
<form action="/verify" method="post">
{{if .Failure}}<p role="alert">{{.Failure}}</p>{{end}}
<label for="code">Code</label> <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required>
<button>Verify</button>
</form></li>
</ol>
{{template "foot"}}{{end}}
{{define "done"}}{{template "head" "You are done"}}
<p>From now on you are asked for a code of your app when you sign in.</p>
{{template "foot"}}{{end}}
`))
