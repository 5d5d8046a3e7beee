import type { Dashboard } from "@grafana/schema";

// What a file may hold of a type: all of it is optional, since Grafana fills in what is missing, and
// the words of an enumeration stand for its members.
type Written<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Element)[]
    ? Written<Element>[]
    : T extends object
      ? { [Key in keyof T]?: Written<T[Key]> }
      : T;

// An annotation has a query of its data source; these are Prometheus'.
type PrometheusAnnotation = {
  [Key in "expr" | "titleFormat" | "textFormat" | "tagKeys" | "step"]?: string;
};
type Annotation = Written<NonNullable<NonNullable<Dashboard["annotations"]>["list"]>[number]>;

export type WrittenDashboard = Omit<Written<Dashboard>, "annotations"> & {
  annotations?: { list?: (Annotation & PrometheusAnnotation)[] };
};
