{{- define "foreshadow.name" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "foreshadow.adapter" -}}{{ include "foreshadow.name" . }}-adapter{{- end -}}
{{- define "foreshadow.shadows" -}}{{ include "foreshadow.name" . }}-shadows{{- end -}}

{{- /* How a pod of one role is found: (dict "root" $ "role" "adapter"). */ -}}
{{- define "foreshadow.selector" -}}
app.kubernetes.io/name: foreshadow-{{ .role }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "foreshadow.labels" -}}
{{ include "foreshadow.selector" . }}
app.kubernetes.io/part-of: foreshadow
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- define "foreshadow.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "foreshadow.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "foreshadow.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "foreshadow.probes" -}}
readinessProbe: {httpGet: {path: /-/ready, port: metrics}, periodSeconds: 5}
livenessProbe: {httpGet: {path: /-/healthy, port: metrics}, periodSeconds: 10, failureThreshold: 6}
{{- end -}}

{{- /* Where a pod may run: (dict "root" $ "role" "adapter" "values" .Values.adapter). */ -}}
{{- define "foreshadow.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{ toYaml . | nindent 0 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{ include "foreshadow.selector" $ | nindent 6 }}
{{- end }}
{{- end -}}

{{- define "foreshadow.tenant" -}}{{- if eq .Values.profile "tenant" }}true{{ end -}}{{- end -}}

{{- /* Whether a metrics API is registered by this release:
  (dict "root" $ "name" "v1beta1.external.metrics.k8s.io" "mode" "Auto"). */ -}}
{{- define "foreshadow.registers" -}}
{{- $have := lookup "apiregistration.k8s.io/v1" "APIService" "" .name -}}
{{- $service := ($have.spec).service | default dict -}}
{{- $ours := and (eq ($service.name | default "") (include "foreshadow.adapter" .root)) (eq ($service.namespace | default "") .root.Release.Namespace) -}}
{{- if include "foreshadow.tenant" .root -}}
{{- else if eq .mode "Always" -}}true
{{- else if and (eq .mode "Auto") (or (not $have) $ours) -}}true
{{- end -}}
{{- end -}}

{{- /* The APIServices of this release, with commas. */ -}}
{{- define "foreshadow.apiServices" -}}
{{- $names := list -}}
{{- if include "foreshadow.registers" (dict "root" $ "name" "v1beta1.external.metrics.k8s.io" "mode" .Values.externalMetrics.apiService) -}}
{{- $names = append $names "v1beta1.external.metrics.k8s.io" -}}
{{- end -}}
{{- if include "foreshadow.registers" (dict "root" $ "name" "v1beta2.custom.metrics.k8s.io" "mode" .Values.customMetrics.apiService) -}}
{{- $names = concat $names (list "v1beta2.custom.metrics.k8s.io" "v1beta1.custom.metrics.k8s.io") -}}
{{- end -}}
{{- join "," $names -}}
{{- end -}}

{{- /* The APIServices whose caBundle the adapter writes itself. */ -}}
{{- define "foreshadow.selfSigned" -}}
{{- if eq .Values.tls.source "SelfSigned" -}}{{ include "foreshadow.apiServices" . }}{{- end -}}
{{- end -}}

{{- define "foreshadow.prometheusPort" -}}
{{- if .Values.networkPolicy.prometheusPort -}}{{ .Values.networkPolicy.prometheusPort }}
{{- else -}}{{ include "foreshadow.urlPort" .Values.prometheus.url }}
{{- end -}}
{{- end -}}

{{- define "foreshadow.urlPort" -}}
{{- $host := (urlParse .).host -}}
{{- if regexMatch ":[0-9]+$" $host -}}{{ regexFind "[0-9]+$" $host }}
{{- else -}}{{ ternary 443 80 (hasPrefix "https:" .) }}
{{- end -}}
{{- end -}}

{{- define "foreshadow.tlsSecret" -}}
{{- if eq .Values.tls.source "ExistingSecret" -}}
{{ required "tls.existingSecret: write the name of a Secret with tls.crt and tls.key" .Values.tls.existingSecret }}
{{- else -}}{{ include "foreshadow.adapter" . }}-tls{{- end -}}
{{- end -}}

{{- /* The milliseconds of a duration such as 1d12h, which the schema has seen the form of. */ -}}
{{- define "foreshadow.milliseconds" -}}
{{- $sum := 0 -}}
{{- range $unit, $size := dict "y" 31536000000 "w" 604800000 "d" 86400000 "h" 3600000 "m" 60000 "s" 1000 "ms" 1 -}}
{{- $part := regexFind (printf "[0-9]+%s([0-9]|$)" $unit) $ -}}
{{- $sum = add $sum (mul (atoi (regexFind "^[0-9]*" $part)) $size) -}}
{{- end -}}
{{- $sum -}}
{{- end -}}

{{- /* Refuses a duration that its reader would: (dict "at" "tls.lifetime" "is" "30s" "least" "1m"). */ -}}
{{- define "foreshadow.checkDuration" -}}
{{- $is := int64 (include "foreshadow.milliseconds" .is) -}}
{{- if lt $is (int64 (include "foreshadow.milliseconds" .least)) -}}
{{- fail (printf "%s: %s: write at least %s" .at .is .least) -}}
{{- else if gt $is (int64 (include "foreshadow.milliseconds" "292y")) -}}
{{- fail (printf "%s: %s: write at most 292y" .at .is) -}}
{{- end -}}
{{- end -}}

{{- define "foreshadow.checkDurations" -}}
{{- include "foreshadow.checkDuration" (dict "at" "prometheus.timeout" "is" .Values.prometheus.timeout "least" "1s") -}}
{{- include "foreshadow.checkDuration" (dict "at" "adapter.refreshInterval" "is" .Values.adapter.refreshInterval "least" "1s") -}}
{{- include "foreshadow.checkDuration" (dict "at" "keep.retention" "is" .Values.keep.retention "least" "1d") -}}
{{- include "foreshadow.checkDuration" (dict "at" "tls.lifetime" "is" .Values.tls.lifetime "least" "1m") -}}
{{- range $i, $source := .Values.sources -}}
{{- with $source.timeout -}}
{{- include "foreshadow.checkDuration" (dict "at" (printf "sources[%d].timeout" $i) "is" . "least" "1s") -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What does not fit together is said at once, in one place. */ -}}
{{- define "foreshadow.check" -}}
{{- include "foreshadow.checkDurations" . -}}
{{- if not .Values.prometheus.url -}}
{{- fail "prometheus.url: write the URL of a Prometheus HTTP API, such as http://prometheus.monitoring:9090" -}}
{{- end -}}
{{- if and .Values.sourcesSecrets (not .Values.sources) -}}
{{- fail "sources: sourcesSecrets is written and no source names a file of it: write the sources, or no Secrets" -}}
{{- end -}}
{{- if and .Values.shadows.enabled (not .Values.shadows.namespaces) (not (include "foreshadow.tenant" .)) -}}
{{- fail "shadows.namespaces: write the namespaces whose workloads may have shadows, such as [shop]" -}}
{{- end -}}
{{- if and .Values.shadows.namespaces (not .Values.shadows.enabled) -}}
{{- fail "shadows.enabled: shadows.namespaces is written and no shadow is kept: write true, or no namespaces" -}}
{{- end -}}
{{- if and .Values.shadows.enabled (include "foreshadow.tenant" .) -}}
{{- fail "shadows.enabled: shadows need ShadowPools of the API server; profile tenant has none: write false, or profile cluster" -}}
{{- end -}}
{{- if and (include "foreshadow.tenant" .) (not .Values.pools) -}}
{{- fail "pools: write the ShadowPools that this installation forecasts; profile tenant reads none from the API server" -}}
{{- end -}}
{{- if and .Values.keda.enabled (not .Values.keda.certificatesSecret) -}}
{{- fail "keda.certificatesSecret: write the name of a Secret with tls.crt, tls.key and ca.crt: without certificates anybody could ask" -}}
{{- end -}}
{{- if and .Values.pools (not (include "foreshadow.tenant" .)) -}}
{{- fail "pools: only profile tenant takes pools from here; apply them as objects, or write profile tenant" -}}
{{- end -}}
{{- end -}}
