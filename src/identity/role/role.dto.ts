import { Bool, Integer, ListOf, Text, TextList } from '../../platform/http/fields.js';

const PERMISSIONS = {
  max: 200,
  maxLength: 100,
  description: 'As `GET /v1/admin/permissions` lists them.',
} as const;

export class RoleDto {
  @Text({ max: 60 })
  code: string;

  @Text({ max: 100 })
  title: string;

  @TextList({ ...PERMISSIONS, description: '`*` is everything there is, and the administrator’s alone.' })
  permissions: string[];

  @Bool({ description: 'Cannot be changed.' })
  builtIn: boolean;

  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'How many people have it.' })
  members: number;
}

export class CreateRoleDto {
  @Text({
    max: 60,
    pattern: /^[a-z][a-z\d]*(-[a-z\d]+)*$/,
    patternHint: 'must be small letters and digits, with single hyphens between them',
    example: 'warehouse',
  })
  code: string;

  @Text({ max: 100, example: 'Warehouse' })
  title: string;

  @TextList({ ...PERMISSIONS, min: 1, example: ['catalog:product:read', 'catalog:stock:write'] })
  permissions: string[];
}

export class UpdateRoleDto {
  @Text({ max: 100, optional: true, example: 'Warehouse and returns' })
  title?: string;

  @TextList({
    ...PERMISSIONS,
    min: 1,
    optional: true,
    example: ['catalog:product:read', 'ordering:order:read'],
  })
  permissions?: string[];
}

class PermissionDto {
  @Text({ max: 100, example: 'catalog:product:write' })
  permission: string;

  @TextList({ max: 500, maxLength: 100, description: 'The operations that ask for it.' })
  operations: string[];
}

export class PermissionsDto {
  @ListOf(() => PermissionDto, { max: 1_000 })
  items: PermissionDto[];
}
