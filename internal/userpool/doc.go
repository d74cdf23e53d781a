// Package userpool is a Cognito-compatible user pool service in memory.
package userpool
