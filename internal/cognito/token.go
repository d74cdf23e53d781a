package cognito

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognito-enroll/internal/enroll"
	"cognito-enroll/internal/secret"
)

// Associate is AssociateSoftwareToken: it makes a new key.
func (c *Client) Associate(ctx context.Context, authority enroll.Authority) (enroll.Association, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	token, session := credentials(authority)
	var options []func(*cip.Options)
	if session != nil { // which the call spends
		options = append(options, once)
	}
	out, err := c.api.AssociateSoftwareToken(ctx, &cip.AssociateSoftwareTokenInput{AccessToken: token, Session: session}, options...)
	if err != nil {
		return enroll.Association{}, translate("AssociateSoftwareToken", err)
	}
	c.observe(out.ResultMetadata)
	association := enroll.Association{Key: secret.New(aws.ToString(out.SecretCode))}
	if association.Key.IsZero() {
		return enroll.Association{}, &enroll.Error{Kind: enroll.PoolDown, Op: "AssociateSoftwareToken", Err: errors.New("answer has no SecretCode")}
	}
	if session != nil {
		association.Session = nextSession(authority.Session, out.Session)
		association.Until = c.Now().Add(c.validity)
	}
	return association, nil
}

// Verify is VerifySoftwareToken. It is sent once. When its answer is lost the kind is ResultUnknown: the pool may have
// verified the code.
func (c *Client) Verify(ctx context.Context, authority enroll.Authority, code secret.Text, deviceName string) (enroll.Session, error) {
	ctx, cancel := withoutCancel(ctx)
	defer cancel()
	token, session := credentials(authority)
	in := &cip.VerifySoftwareTokenInput{AccessToken: token, Session: session, UserCode: aws.String(code.Reveal())}
	if deviceName != "" {
		in.FriendlyDeviceName = aws.String(deviceName)
	}
	out, err := c.api.VerifySoftwareToken(ctx, in, once)
	if err != nil {
		return enroll.Session{}, translate("VerifySoftwareToken", err)
	}
	c.observe(out.ResultMetadata)
	switch out.Status {
	case types.VerifySoftwareTokenResponseTypeSuccess:
	case types.VerifySoftwareTokenResponseTypeError: // documented for clock differences and too many tries
		return enroll.Session{}, &enroll.Error{
			Kind: enroll.WrongCode, Op: "VerifySoftwareToken", Err: errors.New("status ERROR"),
			Diagnosis: enroll.Diagnosis{Verdict: enroll.PoolRefused},
		}
	default:
		return enroll.Session{}, &enroll.Error{Kind: enroll.ResultUnknown, Op: "VerifySoftwareToken", Err: errors.New("answer has no known status")}
	}
	if session == nil {
		return enroll.Session{}, nil
	}
	return nextSession(authority.Session, out.Session), nil
}

// credentials is an authority as the operations take it: exactly one of the two.
func credentials(authority enroll.Authority) (accessToken, session *string) {
	if !authority.AccessToken.IsZero() {
		return aws.String(authority.AccessToken.Reveal()), nil
	}
	return nil, aws.String(authority.Session.Text.Reveal())
}

// nextSession is the session after a step: the newest one counts, the older ones are spent.
func nextSession(present enroll.Session, text *string) enroll.Session {
	if aws.ToString(text) != "" {
		present.Text = secret.New(*text)
	}
	return present
}
