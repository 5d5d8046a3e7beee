import type { Dashboard } from "@grafana/schema";

// The JSON form of a type: all members are optional, because Grafana adds defaults, and enumerations
// are strings.
type Written<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Element)[]
    ? Written<Element>[]
    : T extends object
      ? { [Key in keyof T]?: Written<T[Key]> }
      : T;

// Annotations contain a query of their data source, here Prometheus.
type PrometheusAnnotation = {
  [Key in "expr" | "titleFormat" | "textFormat" | "tagKeys" | "step"]?: string;
};
type Annotation = Written<NonNullable<NonNullable<Dashboard["annotations"]>["list"]>[number]>;

export type WrittenDashboard = Omit<Written<Dashboard>, "annotations"> & {
  annotations?: { list?: (Annotation & PrometheusAnnotation)[] };
};
