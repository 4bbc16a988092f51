namespace Tokenry.Testing;

/// <summary>The two stores a server can stand on. Whatever a test claims has to hold on both.</summary>
public enum Engine
{
    Sqlite,
    Postgres,
}
