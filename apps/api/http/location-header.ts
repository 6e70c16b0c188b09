import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, tap } from 'rxjs';

/** Says where to find what was just added. */
@Injectable()
export class LocationHeader implements NestInterceptor<{ id: number }> {
  intercept(context: ExecutionContext, next: CallHandler<{ id: number }>): Observable<{ id: number }> {
    const http = context.switchToHttp();
    const { url } = http.getRequest<FastifyRequest>().routeOptions;
    return next
      .handle()
      .pipe(tap(({ id }) => void http.getResponse<FastifyReply>().header('location', `${url}/${id}`)));
  }
}
