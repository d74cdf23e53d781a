package main

// The client of the configured pool, or of the embedded one.

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"cognito-enroll/internal/cognito"
	"cognito-enroll/internal/userpool"
	"cognito-enroll/views"
)

// openPool makes the client of the configured pool, or of an embedded one with demo accounts, which it then
// configures; what verifies that pool's tokens, and the pool as its administrators see it.
func openPool(ctx context.Context, cfg *config, o observing, clock *cognito.Clock, budget cognito.Budget, stdout io.Writer) (*cognito.Client, *cognito.OAuth, *cognito.Directory, []views.DemoAccount, error) {
	var demo []views.DemoAccount
	tokens := &http.Client{Timeout: oauthTimeout} // for Cognito's token endpoint and keys
	var settings aws.Config
	if cfg.demo() {
		embedded, err := embeddedPool(*cfg, stdout)
		if err != nil {
			return nil, nil, nil, nil, err
		}
		info := embedded.Info()
		cfg.UserPoolID, cfg.ClientID, cfg.Region, cfg.Endpoint = info.UserPoolID, info.ClientID, info.Region, embeddedURL
		settings, demo = embeddedSettings(embedded), demoAccounts(info.Users)
		tokens = &http.Client{Transport: embedded.Transport()}
	} else {
		var err error
		if settings, err = awsSettings(ctx, *cfg); err != nil {
			return nil, nil, nil, nil, err
		}
	}
	opts := cognito.Options{
		AWS: settings, UserPoolID: cfg.UserPoolID, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Flow: cfg.AuthFlow,
		SessionValidity: cfg.SessionValidity, Clock: clock, Budget: budget, Now: time.Now, Metrics: o.metrics, Tracer: o.tracer(),
	}
	pool := cognito.New(opts)
	oauth := cognito.NewOAuth(ctx, cognito.OAuthOptions{
		Issuer: cfg.issuer(), Domain: cfg.Domain, RedirectURL: cfg.callbackURL(),
		UserPoolID: cfg.UserPoolID, ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, HTTPClient: tokens, Now: pool.Now, Metrics: o.metrics, Tracer: o.tracer(), Clock: time.Now,
	})
	return pool, oauth, cognito.NewDirectory(opts), demo, nil
}

// embeddedURL stands for the embedded pool. It is never looked up: the transport is in memory.
const embeddedURL = "http://embedded.invalid"

// oauthTimeout bounds a request to Cognito's token endpoint, or for its keys.
const oauthTimeout = 8 * time.Second

// idleToPool is how many connections to the pool wait for their next call. The SDK keeps ten: with more people than that at
// once, most calls would begin with a connection and its TLS handshake.
const idleToPool = 256

// awsSettings are the SDK's settings for the configured pool.
func awsSettings(ctx context.Context, cfg config) (aws.Config, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConns, t.MaxIdleConnsPerHost = idleToPool, idleToPool
	})
	c, err := awsDefaults(ctx, cfg, awsconfig.WithHTTPClient(client))
	if cfg.Endpoint != "" {
		c.BaseEndpoint = aws.String(cfg.Endpoint)
	}
	return c, err
}

// awsDefaults are the SDK's settings for any service, in the pool's region.
func awsDefaults(ctx context.Context, cfg config, more ...func(*awsconfig.LoadOptions) error) (aws.Config, error) {
	c, err := awsconfig.LoadDefaultConfig(ctx, append(more, awsconfig.WithRegion(cfg.Region))...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS settings: %w", err)
	}
	return c, nil
}

// embeddedPool makes the pool of the demo, with its accounts. What it would mail or text is printed.
func embeddedPool(cfg config, stdout io.Writer) (*userpool.Pool, error) {
	embedded, err := userpool.New(userpool.Options{
		MFA: cfg.DemoMFA, SessionValidity: cfg.SessionValidity, PreventUserExistenceErrors: true,
		OnMessage: func(m userpool.Message) {
			_, _ = fmt.Fprintf(stdout, "message to %s: your code is %s\n", m.Destination, m.Code)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("embedded pool: %w", err)
	}
	if err := embedded.Seed(); err != nil {
		return nil, fmt.Errorf("demo accounts: %w", err)
	}
	embedded.SetEndpoint(embeddedURL)
	return embedded, nil
}

// embeddedSettings are the SDK's settings for an embedded pool, its IAM credentials included.
func embeddedSettings(embedded *userpool.Pool) aws.Config {
	info := embedded.Info()
	return aws.Config{
		Region:       info.Region,
		BaseEndpoint: aws.String(embeddedURL),
		HTTPClient:   &http.Client{Transport: embedded.Transport()},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: info.AccessKeyID, SecretAccessKey: info.SecretAccessKey}, nil
		}),
	}
}
