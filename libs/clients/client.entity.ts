import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm';

/** A recipient. The phone is the number's digits in E.164 without the plus sign. */
@Entity('clients')
export class Client {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('bigint')
  phone!: number;

  @Column('text', { name: 'operator_code', nullable: true })
  operatorCode!: string | null;

  @Column('text', { array: true })
  tags!: string[];

  @Column('text')
  timezone!: string;

  @Column('jsonb')
  attributes!: Record<string, unknown>;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}
