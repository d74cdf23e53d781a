// Package sweeptest looks for secrets in what tests leave behind: logs, stores, answers, mails.
//
// A harness asks for its test's [Secrets] with [Of], lets the traffic pass by them ([Secrets.Handler],
// [Secrets.Transport]), so that they learn every secret that is used, and tells them of each artefact ([Secrets.Log],
// [Secrets.Store], [Secrets.Artefact]). When the test ends, all of its artefacts are read once more: a secret in one of
// them, in any of nine encodings, fails the test.
//
//	classes.go    the classes            encodings.go  the nine encodings     learn.go  who tells the secrets
//	sweeptest.go  a test and its artefacts             hits.go   many secrets looked for at once
//
// With PORTAL_SWEEP naming a directory each test leaves its secrets in it, for whoever looks at what the whole suite says
// (internal/prove's TestProofNothingSecretInTheSuite).
package sweeptest
