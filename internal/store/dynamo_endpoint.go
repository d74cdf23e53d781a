package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// dynamoEndpoint is where DynamoDB is: what AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL or the shared configuration says,
// otherwise the region's, by FIPS 140 or with IPv6 where AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT want that.
// The test compares it with the SDK's own.
func dynamoEndpoint(ctx context.Context, settings aws.Config, region string) (string, error) {
	configured, fips, dual, err := endpointSettings(ctx, settings)
	switch {
	case err != nil:
		return "", err
	case configured != "":
		return strings.TrimSuffix(configured, "/") + "/", nil
	case region == "":
		return "", errors.New("no region: set AWS_REGION")
	case !regionName.MatchString(region):
		return "", fmt.Errorf("%q is no region", region)
	}
	prefix, suffix, dualSuffix := "dynamodb", "amazonaws.com", "api.aws"
	switch family, _, _ := strings.Cut(region, "-"); {
	case family == "cn":
		suffix, dualSuffix = "amazonaws.com.cn", "api.amazonwebservices.com.cn"
	case strings.HasPrefix(region, "us-iso"), strings.HasPrefix(region, "eu-iso"), family == "eusc":
		return "", fmt.Errorf("for region %s set AWS_ENDPOINT_URL_DYNAMODB", region)
	case strings.HasPrefix(region, "us-gov-") && fips && !dual:
		fips = false // all of this region's are
	}
	if fips {
		prefix += "-fips"
	}
	if dual {
		suffix = dualSuffix
	}
	return "https://" + prefix + "." + region + "." + suffix + "/", nil
}

var regionName = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`) //nolint:gochecknoglobals // a constant

// What the sources of the SDK's configuration may know.
type (
	ignoring interface {
		GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error)
	}
	configuring interface {
		GetServiceBaseEndpoint(context.Context, string) (string, bool, error)
	}
	hardening interface {
		GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error)
	}
	widening interface {
		GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error)
	}
)

// endpointSettings asks the sources, the first that knows an answer, as the SDK's own clients do.
func endpointSettings(ctx context.Context, settings aws.Config) (configured string, fips, dual bool, err error) {
	ignored, ignoredErr := firstOf(settings, func(s ignoring) (bool, bool, error) { return s.GetIgnoreConfiguredEndpoints(ctx) })
	configured, configuredErr := firstOf(settings, func(s configuring) (string, bool, error) { return s.GetServiceBaseEndpoint(ctx, "DynamoDB") })
	useFIPS, fipsErr := firstOf(settings, func(s hardening) (aws.FIPSEndpointState, bool, error) { return s.GetUseFIPSEndpoint(ctx) })
	useDual, dualErr := firstOf(settings, func(s widening) (aws.DualStackEndpointState, bool, error) { return s.GetUseDualStackEndpoint(ctx) })
	switch {
	case ignored:
		configured = ""
	case configured == "":
		configured = aws.ToString(settings.BaseEndpoint)
	}
	return configured, useFIPS == aws.FIPSEndpointStateEnabled, useDual == aws.DualStackEndpointStateEnabled,
		errors.Join(ignoredErr, configuredErr, fipsErr, dualErr)
}

// firstOf asks the sources that have an answer of some kind, in their order.
func firstOf[Source, Answer any](settings aws.Config, ask func(Source) (Answer, bool, error)) (Answer, error) {
	for _, source := range settings.ConfigSources {
		if s, ok := source.(Source); ok {
			if answer, found, err := ask(s); found || err != nil {
				return answer, err
			}
		}
	}
	var none Answer
	return none, nil
}
