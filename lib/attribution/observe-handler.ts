import { Observable } from 'rxjs';

/** What the interceptor does while a handler's emissions pass through undelayed. */
export interface HandlerObserver {
  /** With the last emission, as Nest answers with it. The end of the stream waits for this. */
  completed(last: unknown): Promise<unknown>;
  /** The handler threw, or nobody listens any more before anything was emitted. */
  failed(): void;
}

/** Passes a handler's emissions, error and end on, and tells the observer of its end. */
export function observeHandler<T>(source: Observable<T>, observer: HandlerObserver): Observable<T> {
  return new Observable<T>((subscriber) => {
    let last: T | undefined;
    let emitted = false;
    let ended = false;
    const end = (): boolean => !ended && (ended = true);
    const subscription = source.subscribe({
      next: (value) => {
        last = value;
        emitted = true;
        subscriber.next(value);
      },
      error: (error: unknown) => {
        if (end()) observer.failed();
        subscriber.error(error);
      },
      complete: () => {
        if (!end()) return;
        observer.completed(last).then(
          () => subscriber.complete(),
          () => subscriber.complete(),
        );
      },
    });
    return () => {
      subscription.unsubscribe();
      if (!end()) return;
      // An outer `take(1)` has its answer; an outer `timeout()` gave up.
      if (emitted) void observer.completed(last).catch(() => {});
      else observer.failed();
    };
  });
}
