package v1alpha1_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	crdv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

const crdPath = "../../../charts/foreshadow/files/crds/foreshadow.dev_shadowpools.yaml"

// apiServer does to one object what the API server does at its creation: it
// finds unknown fields, sets defaults, then validates by schema and by CEL
// within the server's cost budget.
type apiServer struct {
	crd    *apiextensions.CustomResourceDefinition
	schema *structural.Structural
	open   validation.SchemaValidator
	rules  *cel.Validator
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	raw, err := os.ReadFile(crdPath)
	require.NoError(t, err)
	var external crdv1.CustomResourceDefinition
	require.NoError(t, yaml.UnmarshalStrict(raw, &external))
	crdv1.SetDefaults_CustomResourceDefinition(&external)
	crdv1.SetDefaults_CustomResourceDefinitionSpec(&external.Spec)
	external.Status.StoredVersions = []string{"v1alpha1"}

	s := &apiServer{crd: &apiextensions.CustomResourceDefinition{}}
	require.NoError(t, crdv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&external, s.crd, nil))
	s.schema, err = structural.NewStructural(s.openAPI())
	require.NoError(t, err)
	s.open, _, err = validation.NewSchemaValidator(s.openAPI())
	require.NoError(t, err)
	s.rules = cel.NewValidator(s.schema, true, celconfig.PerCallLimit)
	return s
}

// openAPI returns the schema of the one version; conversion hoists it to the
// top of the spec.
func (s *apiServer) openAPI() *apiextensions.JSONSchemaProps {
	if s.crd.Spec.Validation != nil {
		return s.crd.Spec.Validation.OpenAPIV3Schema
	}
	return s.crd.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// unknownFields lists what field validation Strict would refuse.
func (s *apiServer) unknownFields(object map[string]any) []string {
	return pruning.PruneWithOptions(object, s.schema, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
}

// admit sets defaults on object and returns what the server would answer.
func (s *apiServer) admit(ctx context.Context, object map[string]any) field.ErrorList {
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s.schema)
	defaulting.Default(object, s.schema)
	errs := validation.ValidateCustomResource(nil, object, s.open)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.schema, object)...)
	if blocked(errs) {
		return errs
	}
	byRule, _ := s.rules.Validate(ctx, nil, s.schema, object, nil, celconfig.RuntimeCELCostBudget)
	return append(errs, byRule...)
}

// blocked says that the server leaves the CEL rules out, as its create
// strategy does.
func blocked(errs field.ErrorList) bool {
	for _, err := range errs {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

func TestCRDIsAccepted(t *testing.T) {
	s := newAPIServer(t)
	// This is where the estimated cost of each rule is held against the limit.
	errs := crdvalidation.ValidateCustomResourceDefinition(t.Context(), s.crd)
	require.Empty(t, errs)
}
