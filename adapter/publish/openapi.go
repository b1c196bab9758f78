package publish

import (
	"maps"

	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	openapicommon "k8s.io/kube-openapi/pkg/common"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/apiserver"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/cmd/options"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/generated/openapi/core"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/generated/openapi/custommetrics"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/generated/openapi/externalmetrics"
)

// openAPIVersion is the version of the served schema, not of the program.
const openAPIVersion = "1.0.0"

// describe sets the schema that kubectl explain and the aggregation layer read.
func describe(o *options.CustomMetricsAdapterServerOptions) {
	namer := openapinamer.NewDefinitionNamer(apiserver.Scheme)
	o.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openAPIDefinitions, namer)
	o.OpenAPIConfig.Info.Title, o.OpenAPIConfig.Info.Version = serverName, openAPIVersion
	o.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openAPIDefinitions, namer)
	o.OpenAPIV3Config.Info.Title, o.OpenAPIV3Config.Info.Version = serverName, openAPIVersion
}

func openAPIDefinitions(ref openapicommon.ReferenceCallback) map[string]openapicommon.OpenAPIDefinition {
	all := core.GetOpenAPIDefinitions(ref)
	maps.Copy(all, custommetrics.GetOpenAPIDefinitions(ref))
	maps.Copy(all, externalmetrics.GetOpenAPIDefinitions(ref))
	return all
}
