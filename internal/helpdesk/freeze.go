package helpdesk

import (
	"context"

	"cognito-enroll/internal/secret"
)

// Freeze is the button "this was not me": it ends the account's links, its sessions in the pool and in the portal, and
// raises an alarm. token is a Notice's NotMe; it is good for a week, and may be pressed twice. LinkNotGood: it is none.
func (d *Desk) Freeze(ctx context.Context, token secret.Text) error { return nil }

// CheckFreeze reports whether a token is good, without doing anything: for the page with the button.
func (d *Desk) CheckFreeze(token secret.Text) bool { return false }
