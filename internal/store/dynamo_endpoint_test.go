package store_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"cognito-enroll/internal/store"
)

// source is one of the SDK's configuration.
type source struct {
	fips aws.FIPSEndpointState
	dual aws.DualStackEndpointState
}

func (s source) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return s.fips, true, nil
}

func (s source) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return s.dual, true, nil
}

// The SDK's own resolver is asked for every kind of region.
func TestDynamoDBEndpointIsTheSDKs(t *testing.T) {
	for _, region := range []string{
		"us-east-1", "eu-central-1", "ap-southeast-4", "ca-west-1", "il-central-1", "me-central-1", "sa-east-1", "mx-central-1",
		"cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1",
	} {
		for _, fips := range []bool{false, true} {
			for _, dual := range []bool{false, true} {
				if fips && region[:3] == "cn-" {
					continue // there is none
				}
				settings := source{aws.FIPSEndpointStateDisabled, aws.DualStackEndpointStateDisabled}
				if fips {
					settings.fips = aws.FIPSEndpointStateEnabled
				}
				if dual {
					settings.dual = aws.DualStackEndpointStateEnabled
				}
				got, err := store.DynamoEndpoint(t.Context(), aws.Config{ConfigSources: []any{settings}}, region)
				if err != nil {
					t.Errorf("%s: %v", region, err)
					continue
				}
				want, err := dynamodb.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), dynamodb.EndpointParameters{
					Region: aws.String(region), UseFIPS: aws.Bool(fips), UseDualStack: aws.Bool(dual),
				})
				if err != nil || got != want.URI.String()+"/" {
					t.Errorf("%s, FIPS %t, dual stack %t: got %s, want %s, %v", region, fips, dual, got, want.URI.String(), err)
				}
			}
		}
	}
	for _, region := range []string{"", "us-iso-east-1", "eu-isoe-west-1", "nowhere", "eu-central-1.example.com/"} {
		if got, err := store.DynamoEndpoint(t.Context(), aws.Config{}, region); err == nil {
			t.Errorf("%q: got %s, want an error", region, got)
		}
	}
}
