// Package conformance tests what a Cognito user pool service does, through the AWS SDK for Go alone: one file per
// topic, each test in a pool of its own that it makes and deletes.
//
// It runs against the embedded pool always, and against any other endpoint, or the service itself, when these are set:
//
//	COGNITO_CONFORMANCE_ENDPOINT   http://127.0.0.1:9229; "aws" for the service itself
//	AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//
// Tests that need a clock that moves or a code that was sent are skipped there, by name.
package conformance
