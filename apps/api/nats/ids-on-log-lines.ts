import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { NatsContext } from '@nestjs/microservices';
import { type Observable, tap } from 'rxjs';
import { addToLogContext, subjectIds } from '#libs/telemetry';

interface Ids {
  id?: unknown;
  mailingId?: unknown;
  clientId?: unknown;
}

/** Puts the ids that a request names, or whose thing it has made, on its log lines. */
@Injectable()
export class IdsOnLogLines implements NestInterceptor<Ids | undefined> {
  intercept(context: ExecutionContext, next: CallHandler<Ids | undefined>): Observable<Ids | undefined> {
    const rpc = context.switchToRpc();
    const [, resource] = rpc.getContext<NatsContext>().getSubject().split('.');
    const { id, mailingId, clientId } = rpc.getData<Ids>();
    addToLogContext({
      // The statistics of one mailing are asked for by its id.
      ...subjectIds(resource === 'statistics' ? 'mailings' : resource, id),
      ...subjectIds('mailings', mailingId),
      ...subjectIds('clients', clientId),
    });
    return next.handle().pipe(
      tap((made) => {
        if (id === undefined && made !== undefined) addToLogContext(subjectIds(resource, made.id));
      }),
    );
  }
}
