import { applyDecorators, Catch, Controller, type RpcExceptionFilter, UseFilters } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/** Hands errors to the transport as they are; Nest's own filter would turn each into "Internal server error". */
@Catch()
class UntouchedErrors implements RpcExceptionFilter<unknown> {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Marks a class whose methods answer NATS subjects. What a method returns is sent as JSON if the message has a
 * reply subject, what it throws as a problem document.
 */
export function NatsController(): ClassDecorator {
  return applyDecorators(Controller(), UseFilters(UntouchedErrors));
}
