/** The same store, but for some methods. */
export function withMethods<Store extends object>(store: Store, changed: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, property) {
      if (property in changed) return changed[property as keyof Store];
      const value = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
