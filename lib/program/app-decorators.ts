import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { isObject } from '../common/is-object.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Class = abstract new (...args: never[]) => unknown;

/** A class or a method of the app with one of our decorators. */
export interface Decorated<Metadata> {
  /** `Class` or `Class.method`. */
  readonly id: string;
  readonly metadata: Metadata;
  readonly type: Class;
  /** `undefined` if the class itself is decorated. */
  readonly method?: string;
  readonly wrapper: Wrapper;
}

/** Finds what the app has decorated, in controllers and providers. Looks once for each decorator. */
@Injectable()
export class AppDecorators {
  private readonly found = new Map<string, Decorated<unknown>[]>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  find<Metadata>(key: string): readonly Decorated<Metadata>[] {
    const found = this.found.get(key) ?? [...this.scan(key)];
    this.found.set(key, found);
    return found as Decorated<Metadata>[];
  }

  private *scan(key: string): Generator<Decorated<unknown>> {
    // Resolvers are providers.
    for (const wrapper of [...this.discovery.getControllers(), ...this.discovery.getProviders()]) {
      const type = wrapper.isAlias ? undefined : classOf(wrapper);
      if (!type) continue;
      const ofClass: unknown = Reflect.getMetadata(key, type);
      if (ofClass !== undefined) yield { id: type.name, metadata: ofClass, type, wrapper };
      const prototype = type.prototype as Record<string, object>;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const metadata: unknown = Reflect.getMetadata(key, prototype[method]!);
        const id = `${type.name}.${method}`;
        if (metadata !== undefined) yield { id, metadata, type, method, wrapper };
      }
    }
  }
}

/** Whether one instance serves all requests. */
export function isStatic(wrapper: Wrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/** The class whose methods may be decorated; `undefined` if there is none, as for a plain value. */
function classOf(wrapper: Wrapper): Class | undefined {
  try {
    const { metatype, inject } = wrapper;
    const instance: unknown = isStatic(wrapper) ? wrapper.instance : undefined;
    const type: unknown = isObject(instance) ? instance.constructor : inject ? undefined : metatype;
    const isClass = typeof type === 'function' && type !== Object && isObject(type.prototype);
    return isClass ? (type as unknown as Class) : undefined;
  } catch {
    // Reading a provider that is a proxy may throw.
    return undefined;
  }
}
